import { reportCalls } from './call-report.ts'
import type { RecordedRequest } from './recording-proxy.ts'
import { type PolicyStatement, permissionsOf } from './role-policy.ts'

const TABLE = 'arn:aws:dynamodb:us-east-1:000000000000:table/rows'
const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:work'
const SECRET = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:flow-vault/*'
const TAGGED = { StringEquals: { 'aws:RequestTag/flow-vault:deployment': 'test' } }
const rows = (Action: readonly string[], keys = 'TENANT#*'): PolicyStatement => ({
  Effect: 'Allow',
  Action,
  Resource: TABLE,
  Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [keys] } },
})
const request = (target: string, body: unknown): RecordedRequest => ({
  userAgent: 'aws-sdk-js/3.0.0 md/nodejs#24.0.0 m/E,n app/flow-vault-test-api',
  target,
  path: '/',
  body: JSON.stringify(body),
})
const key = (partition: string) => ({ pk: { S: partition }, sk: { S: 'x' } })
const judge = (requests: readonly RecordedRequest[], statements: readonly PolicyStatement[]) =>
  reportCalls(requests, new Map([['flow-vault-test-api', permissionsOf(statements)]]))

const get = (partition: string) =>
  request('DynamoDB_20120810.GetItem', { TableName: 'rows', Key: key(partition) })
const transaction = request('DynamoDB_20120810.TransactWriteItems', {
  TransactItems: [
    { Put: { TableName: 'rows', Item: key('TENANT#a') } },
    { ConditionCheck: { TableName: 'rows', Key: key('TENANT#a') } },
  ],
})
const query = (condition: string, index?: string) =>
  request('DynamoDB_20120810.Query', {
    TableName: 'rows',
    IndexName: index,
    KeyConditionExpression: condition,
    ExpressionAttributeNames: { '#0': index === undefined ? 'pk' : 'due_shard', '#1': 'sk' },
    ExpressionAttributeValues: { ':0': { S: 'TENANT#a' }, ':1': { S: 'TENANT#b' } },
  })
const update = (name: string) =>
  request('DynamoDB_20120810.UpdateItem', {
    TableName: 'rows',
    Key: key('TENANT#a'),
    UpdateExpression: 'SET #0 = :0',
    ExpressionAttributeNames: { '#0': name },
  })
const createSecret = (name: string, stage: string) =>
  request('secretsmanager.CreateSecret', {
    Name: name,
    Tags: [{ Key: 'flow-vault:deployment', Value: stage }],
  })
const decrypt = request('TrentService.Decrypt', {
  KeyId: 'arn:aws:kms:key',
  EncryptionContext: { secretId: 'flow-vault/a' },
})
const send = request('AmazonSQS.SendMessageBatch', { QueueUrl: 'http://127.0.0.1:1/000000000000/work' })
const invoke = { ...request('', {}), path: '/2015-03-31/functions/flow-vault-test-grants/invocations' }

describe('reportCalls', () => {
  it.each<[string, RecordedRequest, PolicyStatement]>([
    ['a row of its partitions', get('TENANT#a'), rows(['dynamodb:GetItem'])],
    ['a query of them', query('#0 = :0'), rows(['dynamodb:Query'])],
    [
      'a query of an index',
      query('#0 = :0', 'due'),
      { ...rows(['dynamodb:Query']), Resource: `${TABLE}/index/due` },
    ],
    ['a transaction', transaction, rows(['dynamodb:PutItem', 'dynamodb:ConditionCheckItem'])],
    [
      'a tagged secret',
      createSecret('flow-vault/a', 'test'),
      {
        Effect: 'Allow',
        Action: ['secretsmanager:CreateSecret', 'secretsmanager:TagResource'],
        Resource: SECRET,
        Condition: TAGGED,
      },
    ],
    [
      'a list of secrets',
      request('secretsmanager.ListSecrets', {}),
      { Effect: 'Allow', Action: 'secretsmanager:ListSecrets', Resource: '*' },
    ],
    [
      'a key under its context',
      decrypt,
      {
        Effect: 'Allow',
        Action: 'kms:Decrypt',
        Resource: 'arn:aws:kms:key',
        Condition: { StringLike: { 'kms:EncryptionContext:secretId': 'flow-vault/*' } },
      },
    ],
    ['a batch of messages', send, { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: QUEUE }],
    [
      'an invocation',
      invoke,
      {
        Effect: 'Allow',
        Action: 'lambda:InvokeFunction',
        Resource: 'arn:aws:lambda:us-east-1:000000000000:function:flow-vault-test-grants',
      },
    ],
  ])('takes %s for allowed, and for not allowed without the statement', (_what, made, statement) => {
    expect(judge([made], [statement])).toMatchObject({ notAllowed: [], unused: [] })
    expect(judge([made], []).notAllowed).not.toEqual([])
  })

  it.each<[string, RecordedRequest, PolicyStatement]>([
    ['a row of other partitions', get('STATE#a'), rows(['dynamodb:GetItem'])],
    ['a row of another table', get('TENANT#a'), { ...rows(['dynamodb:GetItem']), Resource: `${TABLE}s` }],
    ['an index where only the table is', query('#0 = :0', 'due'), rows(['dynamodb:Query'])],
    ['a query of other partitions', query('#1 = :0 AND #0 = :1'), rows(['dynamodb:Query'], 'TENANT#a')],
    ['one member of a transaction', transaction, rows(['dynamodb:PutItem'])],
    [
      'another attribute',
      update('status'),
      {
        Effect: 'Allow',
        Action: 'dynamodb:UpdateItem',
        Resource: TABLE,
        Condition: {
          'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['pk', 'sk', 'lastFetchedHour'] },
        },
      },
    ],
    [
      'a secret by another tag',
      createSecret('flow-vault/a', 'other'),
      {
        Effect: 'Allow',
        Action: ['secretsmanager:CreateSecret', 'secretsmanager:TagResource'],
        Resource: SECRET,
        Condition: TAGGED,
      },
    ],
    [
      'a secret by another name',
      createSecret('other/a', 'test'),
      { Effect: 'Allow', Action: ['secretsmanager:CreateSecret'], Resource: SECRET },
    ],
    [
      'a key that only Secrets Manager may use',
      decrypt,
      {
        Effect: 'Allow',
        Action: 'kms:Decrypt',
        Resource: 'arn:aws:kms:key',
        Condition: { StringEquals: { 'kms:ViaService': 'secretsmanager.us-east-1.amazonaws.com' } },
      },
    ],
  ])('takes %s for not allowed', (_what, made, statement) => {
    expect(judge([made], [statement]).notAllowed).not.toEqual([])
  })

  it('names the function, the action, the resource and what the conditions saw', () => {
    expect(judge([get('STATE#a')], [rows(['dynamodb:GetItem'])]).notAllowed).toEqual([
      `flow-vault-test-api dynamodb:GetItem ${TABLE} with {"dynamodb:LeadingKeys":["STATE#a"],"dynamodb:Attributes":["pk","sk"]}`,
    ])
  })

  it('takes a call of nobody, and one it knows nothing of, for not allowed', () => {
    const everything: PolicyStatement = { Effect: 'Allow', Action: 'dynamodb:GetItem', Resource: '*' }
    const nobody = { ...get('TENANT#a'), userAgent: 'aws-sdk-js/3.0.0' }
    expect(judge([nobody], [everything]).notAllowed).toEqual([
      expect.stringMatching(/^\(no app id\) dynamodb:GetItem /),
    ])
    expect(judge([request('Other.Do', {})], [everything]).notAllowed).toEqual([
      'flow-vault-test-api Other.Do unknown',
    ])
  })

  it('counts what was made, and lists what no call needed and what others use', () => {
    const report = judge(
      [get('TENANT#a'), get('TENANT#b')],
      [
        rows(['dynamodb:GetItem', 'dynamodb:PutItem']),
        { Effect: 'Allow', Action: 'xray:PutTraceSegments', Resource: '*' },
      ],
    )
    expect(report).toEqual({
      made: [`flow-vault-test-api dynamodb:GetItem ${TABLE}: 2`],
      notAllowed: [],
      unused: [
        `flow-vault-test-api dynamodb:PutItem ${TABLE} when {"ForAllValues:StringLike":{"dynamodb:LeadingKeys":["TENANT#*"]}}`,
      ],
      usedByOthers: ['flow-vault-test-api xray:PutTraceSegments *: the Lambda service, for logs and traces'],
    })
  })

  it('does not judge by what it does not know', () => {
    expect(() => judge([], [{ Effect: 'Deny', Action: 'sqs:SendMessage', Resource: '*' }])).toThrow('Deny')
    const numeric = { NumericLessThan: { 'dynamodb:LeadingKeys': '1' } }
    const statement = { ...rows(['dynamodb:GetItem']), Condition: numeric }
    expect(() => judge([get('TENANT#a')], [statement])).toThrow('NumericLessThan')
  })
})

describe('a secret', () => {
  const own = {
    Effect: 'Allow',
    Action: ['secretsmanager:CreateSecret', 'secretsmanager:TagResource', 'secretsmanager:DeleteSecret'],
    Resource: SECRET,
  }
  const create: PolicyStatement = { ...own, Action: own.Action.slice(0, 2), Condition: TAGGED }
  const remove: PolicyStatement = {
    ...own,
    Action: 'secretsmanager:DeleteSecret',
    Condition: { StringEquals: { 'aws:ResourceTag/flow-vault:deployment': 'test' } },
  }
  const deletion = request('secretsmanager.DeleteSecret', { SecretId: 'flow-vault/a' })

  it('is judged by the tags that it was made with', () => {
    expect(judge([createSecret('flow-vault/a', 'test'), deletion], [create, remove]).notAllowed).toEqual([])
  })

  it('of another deployment is not touched', () => {
    const { notAllowed } = judge([createSecret('flow-vault/a', 'other'), deletion], [create, remove])
    expect(notAllowed.map((line) => line.split(' ')[1])).toEqual(
      expect.arrayContaining(['secretsmanager:DeleteSecret']),
    )
  })

  it('that is not there has no tag, which only a condition with IfExists lets pass', () => {
    const tag = { 'aws:ResourceTag/flow-vault:deployment': 'test' }
    const lenient: PolicyStatement = { ...remove, Condition: { StringEqualsIfExists: tag } }
    expect(judge([deletion], [remove]).notAllowed).toHaveLength(1)
    expect(judge([deletion], [lenient]).notAllowed).toEqual([])
    const others = judge([createSecret('flow-vault/a', 'other'), deletion], [create, lenient]).notAllowed
    expect(others.filter((line) => line.includes('DeleteSecret'))).toHaveLength(1)
  })
})

describe('a key', () => {
  const ARN = 'arn:aws:kms:us-east-1:000000000000:key/mrk-1'
  const tags = (deployment: string) => ({ 'aws:ResourceTag/flow-vault:deployment': [deployment] })
  const decrypt: PolicyStatement = {
    Effect: 'Allow',
    Action: 'kms:GenerateDataKey',
    Resource: 'arn:aws:kms:us-east-1:000000000000:key/*',
    Condition: { StringEquals: { 'aws:ResourceTag/flow-vault:deployment': 'test' } },
  }
  const asked = request('TrentService.GenerateDataKey', { KeyId: 'alias/flow-vault-test/acme' })
  const judged = (deployment: string) =>
    reportCalls(
      [asked],
      new Map([['flow-vault-test-api', permissionsOf([decrypt])]]),
      new Map([['alias/flow-vault-test/acme', { arn: ARN, tags: tags(deployment) }]]),
    )

  it('is judged by its ARN and its tags, whatever name it was asked for by', () => {
    expect(judged('test').notAllowed).toEqual([])
    expect(judged('test').made).toEqual([`flow-vault-test-api kms:GenerateDataKey ${ARN}: 1`])
    expect(judged('other').notAllowed).toHaveLength(1)
  })
})
