import { conditionsHold, isAllowed, type Policies, type Statement } from './policy-evaluator.ts'

const ROLE = 'arn:aws:iam::111122223333:role/one'
const asRole = (...role: Statement[]): Policies => ({ principal: ROLE, role })
const BUCKET = 'arn:aws:s3:::amzn-s3-demo-bucket'

/* The policies below are those of AWS's guides, by the title of the page that has them. */

describe('isAllowed', () => {
  it('"DynamoDB: allow access to a specific table"', () => {
    const policies = asRole({
      Effect: 'Allow',
      Action: ['dynamodb:BatchGet*', 'dynamodb:Get*', 'dynamodb:Query', 'dynamodb:PutItem'],
      Resource: 'arn:aws:dynamodb:*:*:table/MyTable',
    })
    const table = 'arn:aws:dynamodb:us-east-1:111122223333:table/MyTable'
    expect(isAllowed(policies, { action: 'dynamodb:GetItem', resource: table })).toBe(true)
    expect(isAllowed(policies, { action: 'DynamoDB:getitem', resource: table })).toBe(true)
    expect(isAllowed(policies, { action: 'dynamodb:DeleteTable', resource: table })).toBe(false)
    expect(isAllowed(policies, { action: 'dynamodb:GetItem', resource: `${table}2` })).toBe(false)
  })

  it('"Using IAM policy conditions for fine-grained access control": leading keys and attributes', () => {
    const policies = asRole({
      Effect: 'Allow',
      Action: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
      Resource: 'arn:aws:dynamodb:us-west-2:123456789012:table/GameScores',
      Condition: {
        'ForAllValues:StringEquals': {
          'dynamodb:LeadingKeys': ['user-1'],
          'dynamodb:Attributes': ['UserId', 'GameTitle', 'Wins'],
        },
        StringEqualsIfExists: { 'dynamodb:Select': 'SPECIFIC_ATTRIBUTES' },
      },
    })
    const ask = (conditionKeys: Record<string, string[]>) =>
      isAllowed(policies, {
        action: 'dynamodb:GetItem',
        resource: 'arn:aws:dynamodb:us-west-2:123456789012:table/GameScores',
        conditionKeys,
      })
    expect(ask({ 'dynamodb:LeadingKeys': ['user-1'], 'dynamodb:Attributes': ['UserId', 'Wins'] })).toBe(true)
    expect(ask({ 'dynamodb:LeadingKeys': ['user-2'], 'dynamodb:Attributes': ['UserId'] })).toBe(false)
    expect(ask({ 'dynamodb:LeadingKeys': ['user-1'], 'dynamodb:Attributes': ['UserId', 'TopScore'] })).toBe(
      false,
    )
    expect(ask({ 'dynamodb:LeadingKeys': ['user-1'], 'dynamodb:Select': ['ALL_ATTRIBUTES'] })).toBe(false)
    // The guide's own warning: ForAllValues holds when the request has no such key at all.
    expect(ask({})).toBe(true)
  })

  it('"Explicit and implicit denies": a deny wins, whoever else allows', () => {
    const allow: Statement = { Effect: 'Allow', Action: 's3:*', Resource: '*' }
    const deny: Statement = { Effect: 'Deny', Action: 's3:DeleteBucket', Resource: BUCKET }
    expect(isAllowed(asRole(allow), { action: 's3:DeleteBucket', resource: BUCKET })).toBe(true)
    expect(isAllowed(asRole(allow, deny), { action: 's3:DeleteBucket', resource: BUCKET })).toBe(false)
    expect(isAllowed(asRole(allow, deny), { action: 's3:DeleteBucket', resource: `${BUCKET}-2` })).toBe(true)
    expect(isAllowed(asRole(), { action: 's3:GetObject', resource: BUCKET })).toBe(false)
  })

  it('"IAM JSON policy elements: NotAction": everything of a service but one action', () => {
    const policies = asRole({ Effect: 'Allow', NotAction: 's3:DeleteBucket', Resource: 'arn:aws:s3:::*' })
    expect(isAllowed(policies, { action: 's3:ListBucket', resource: BUCKET })).toBe(true)
    expect(isAllowed(policies, { action: 's3:DeleteBucket', resource: BUCKET })).toBe(false)
  })

  it('"IAM JSON policy elements: NotResource": all buckets but one are denied', () => {
    const policies = asRole(
      { Effect: 'Allow', Action: 's3:*', Resource: '*' },
      { Effect: 'Deny', Action: 's3:*', NotResource: [BUCKET, `${BUCKET}/*`] },
    )
    expect(isAllowed(policies, { action: 's3:GetObject', resource: `${BUCKET}/key` })).toBe(true)
    expect(isAllowed(policies, { action: 's3:GetObject', resource: 'arn:aws:s3:::other/key' })).toBe(false)
  })

  it('"Bucket policies: requiring HTTPS": a resource denies what did not come by TLS', () => {
    const policies: Policies = {
      ...asRole({ Effect: 'Allow', Action: 's3:*', Resource: '*' }),
      resource: [
        {
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:*',
          Resource: [BUCKET, `${BUCKET}/*`],
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        },
      ],
    }
    const ask = (secure: string) =>
      isAllowed(policies, {
        action: 's3:GetObject',
        resource: `${BUCKET}/key`,
        conditionKeys: { 'aws:SecureTransport': [secure] },
      })
    expect(ask('true')).toBe(true)
    expect(ask('false')).toBe(false)
  })

  it('"Default key policy": the account is trusted, and its own policies decide', () => {
    const resource: Statement[] = [
      {
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::111122223333:root' },
        Action: 'kms:*',
        Resource: '*',
      },
    ]
    const request = { action: 'kms:Decrypt', resource: 'arn:aws:kms:us-east-1:111122223333:key/1' }
    const allowing: Statement = { Effect: 'Allow', Action: 'kms:Decrypt', Resource: request.resource }
    expect(isAllowed({ ...asRole(allowing), resource }, request)).toBe(true)
    expect(isAllowed({ ...asRole(), resource }, request)).toBe(false)
    // Without the key's leave the role's own policy is worth nothing.
    expect(isAllowed(asRole(allowing), request)).toBe(false)
    // A role that the key itself names needs no policy of its own.
    const named: Statement = {
      Effect: 'Allow',
      Principal: { AWS: ROLE },
      Action: 'kms:Decrypt',
      Resource: '*',
    }
    expect(isAllowed({ ...asRole(), resource: [named] }, request)).toBe(true)
  })

  it.each<[string, Statement]>([
    [
      'an operator',
      {
        Effect: 'Allow',
        Action: '*',
        Resource: '*',
        Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } },
      },
    ],
    ['an effect', { Effect: 'Maybe', Action: '*', Resource: '*' }],
    ['a member', { Effect: 'Allow', Action: '*', Resource: '*', NotPrincipal: '*' } as Statement],
  ])('throws for %s that it does not know', (_, statement) => {
    expect(() => isAllowed(asRole(statement), { action: 's3:GetObject', resource: BUCKET })).toThrow(
      'cannot judge',
    )
  })
})

describe('conditionsHold', () => {
  const tags = { 'aws:RequestTag/team': ['a'] }

  it.each([
    [
      '"Null condition operator": the key must be there',
      { Null: { 'aws:RequestTag/team': 'false' } },
      tags,
      true,
    ],
    ['… and is not', { Null: { 'aws:RequestTag/team': 'false' } }, {}, false],
    [
      '"…IfExists": a key that is not there',
      { StringLikeIfExists: { 'ec2:InstanceType': ['t1.*'] } },
      {},
      true,
    ],
    [
      '… and one that is another',
      { StringLikeIfExists: { 'ec2:InstanceType': ['t1.*'] } },
      { 'ec2:InstanceType': ['m5.large'] },
      false,
    ],
    [
      '"Negated matching": a key that is not there',
      { StringNotEquals: { 'aws:RequestTag/team': 'a' } },
      {},
      true,
    ],
    ['… none of several values', { StringNotEquals: { 'aws:RequestTag/team': ['a', 'b'] } }, tags, false],
    [
      '"ForAnyValue": one of them',
      { 'ForAnyValue:StringEquals': { 'aws:TagKeys': ['x'] } },
      { 'aws:TagKeys': ['x', 'y'] },
      true,
    ],
    ['… and none', { 'ForAnyValue:StringEquals': { 'aws:TagKeys': ['x'] } }, {}, false],
    [
      '"ForAllValues": one too many',
      { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['x'] } },
      { 'aws:TagKeys': ['x', 'y'] },
      false,
    ],
    [
      '"ArnLike": part by part',
      { ArnLike: { 'aws:SourceArn': 'arn:aws:sns:*:111122223333:topic-*' } },
      { 'aws:SourceArn': ['arn:aws:sns:eu-west-1:111122223333:topic-1'] },
      true,
    ],
    [
      '… and not over a colon',
      { ArnLike: { 'aws:SourceArn': 'arn:aws:*:topic-1' } },
      { 'aws:SourceArn': ['arn:aws:sns:eu-west-1:111122223333:topic-1'] },
      false,
    ],
    ['names of keys in any case', { StringEquals: { 'AWS:requesttag/TEAM': 'a' } }, tags, true],
    ['values as they are', { StringEquals: { 'aws:RequestTag/team': 'A' } }, tags, false],
  ])('%s', (_, conditions, present, expected) => {
    expect(conditionsHold(conditions as never, present as never)).toBe(expected)
  })
})
