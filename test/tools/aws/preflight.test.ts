import {
  judgeAdoptedTenantKey,
  judgeConcurrency,
  judgeIssuer,
  judgeQuota,
  judgeRegion,
  judgeTenantKeys,
  tellFindings,
} from '../../../tools/aws/preflight.ts'
import { testSettings } from '../../support/test-stage.ts'

describe('judgeConcurrency', () => {
  it.each([
    [
      'a new account, nothing set apart',
      { workers: 2, reservedInstances: {} },
      { all: 10, unreserved: 10 },
      'ok',
    ],
    [
      'a new account, five workers',
      { workers: 5, reservedInstances: {} },
      { all: 10, unreserved: 10 },
      'warning',
    ],
    [
      'a new account that is to set one apart',
      { workers: 2, reservedInstances: { api: 1 } },
      { all: 10, unreserved: 10 },
      'failed',
    ],
    [
      'an account of 1,000',
      { workers: 5, reservedInstances: { api: 10 } },
      { all: 1000, unreserved: 1000 },
      'ok',
    ],
    [
      'one of which others have set nearly all apart',
      { workers: 5, reservedInstances: { api: 10 } },
      { all: 1000, unreserved: 105 },
      'failed',
    ],
    [
      'the last that may be set apart',
      { workers: 5, reservedInstances: { credentials: 900 } },
      { all: 1000, unreserved: 1000 },
      'ok',
    ],
    [
      'one more than that',
      { workers: 5, reservedInstances: { credentials: 901 } },
      { all: 1000, unreserved: 1000 },
      'failed',
    ],
  ])('of %s', (_what, stage, limits, outcome) => {
    expect(judgeConcurrency({ instances: limits.all, ...stage }, limits).outcome).toBe(outcome)
  })

  it.each([
    [10, 1000, 'warning', 'Set instances to 300'],
    [10, 50, 'warning', 'Set instances to 50'],
    [300, 50, 'warning', 'Set instances to 50 at most'],
    [300, 1000, 'ok', 'are free'],
  ])('of a stage for %i instances in an account of %i', (instances, all, outcome, words) => {
    const stage = { workers: 2, instances, reservedInstances: {} }
    expect(judgeConcurrency(stage, { all, unreserved: all })).toEqual({
      outcome,
      words: expect.stringContaining(words),
    })
  })

  it('says what would be right', () => {
    const found = judgeConcurrency(
      { workers: 5, instances: 10, reservedInstances: { api: 20 } },
      { all: 10, unreserved: 10 },
    )
    expect(found.words).toBe(
      'the stage sets 20 instances apart, and of 10 the account has 0 to give: leave reservedInstances out, or ask for more "Concurrent executions" in Service Quotas',
    )
  })
})

describe('judgeQuota', () => {
  it('warns of one that the workers would fill', () => {
    expect(judgeQuota('writes', 40_000, 225).outcome).toBe('ok')
    expect(judgeQuota('writes', 100, 100).outcome).toBe('ok')
    expect(judgeQuota('writes', 100, 100.5)).toEqual({
      outcome: 'warning',
      words:
        'writes: 100, and all workers together need 101: ask for more in Service Quotas, or lower workers',
    })
  })
})

describe('judgeIssuer', () => {
  it('fails one that names itself otherwise: a slash is enough for every token to be refused', () => {
    expect(judgeIssuer('https://idp.example.com/', { issuer: 'https://idp.example.com/' }).outcome).toBe('ok')
    for (const document of [{ issuer: 'https://idp.example.com' }, {}, null, 'text'])
      expect(judgeIssuer('https://idp.example.com/', document).outcome).toBe('failed')
  })
})

describe('judgeTenantKeys', () => {
  const known = [
    ['acme', 'Enabled'],
    ['globex', undefined],
  ] as const

  it('says what they cost, which depends on nothing but their number', () => {
    expect(judgeTenantKeys({ states: known, inAccount: 10, quota: 100_000 })).toEqual({
      outcome: 'ok',
      words:
        '2 keys, 1 of them to be made: $2 a month, $6 from their second yearly rotation on, and as much again for each Region with replicas',
    })
  })

  it('fails where the account has no room for those to be made, and where one cannot be used', () => {
    expect(judgeTenantKeys({ states: known, inAccount: 100, quota: 101 }).outcome).toBe('ok')
    const full = judgeTenantKeys({ states: known, inAccount: 101, quota: 101 })
    expect([full.outcome, full.words]).toEqual(['failed', expect.stringContaining('101 of 101')])
    const away = judgeTenantKeys({ states: [...known, ['old', 'PendingDeletion']], inAccount: 1, quota: 9 })
    expect([away.outcome, away.words]).toEqual([
      'failed',
      expect.stringContaining('the key of old is PendingDeletion'),
    ])
  })
})

describe('judgeAdoptedTenantKey', () => {
  it.each([
    [{ tenant: 'acme', deployment: 'd1' }, 'd1', 'ok', 'of the deployment d1'],
    [{ tenant: 'acme', deployment: 'd2' }, 'd1', 'failed', 'has the tag of d2'],
    [{ tenant: 'acme' }, 'd1', 'failed', 'no tag flow-vault:deployment'],
    [{ tenant: 'acme' }, undefined, 'failed', 'no tag flow-vault:deployment'],
    [{ tenant: 'acme', deployment: 'd2' }, undefined, 'warning', 'set adopt.deploymentId to d2'],
    [{ tenant: 'globex', deployment: 'd1' }, 'd1', 'failed', 'the tag of the tenant globex'],
    [{ deployment: 'd1' }, 'd1', 'failed', 'no tag flow-vault:tenant'],
  ])('of one tagged %j in a stage of %s is %s', (tags, deploymentId, outcome, words) => {
    const found = judgeAdoptedTenantKey({ arn: 'arn:key', tenant: 'acme', deploymentId }, tags)
    expect(found).toEqual({ outcome, words: expect.stringContaining(words) })
  })
})

describe('judgeRegion', () => {
  it.each([
    [{}, 'ok'],
    [{ alarms: { topicArn: 'arn:aws:sns:eu-west-1:111122223333:topic' } }, 'ok'],
    [{ alarms: { topicArn: 'arn:aws:sns:us-east-1:111122223333:topic' } }, 'failed'],
  ])('of %j is %s in eu-west-1', (members, outcome) => {
    expect(judgeRegion(testSettings(members), 'eu-west-1').outcome).toBe(outcome)
  })
})

describe('tellFindings', () => {
  it('lets a stage be deployed unless a check failed', () => {
    const ok = ['a', { outcome: 'ok', words: 'fine' }] as const
    const unknown = ['b', { outcome: 'unknown', words: 'may not be asked' }] as const
    const failed = ['c', { outcome: 'failed', words: 'is not there' }] as const
    expect(tellFindings([ok, unknown])).toEqual({
      lines: ['ok       a: fine', 'unknown  b: may not be asked'],
      mayDeploy: true,
    })
    expect(tellFindings([ok, failed]).mayDeploy).toBe(false)
  })
})
