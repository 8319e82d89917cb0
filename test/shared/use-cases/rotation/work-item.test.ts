import { connectionKey, eventsPartition } from '../../../../shared/domain/keys.ts'
import { metaKey, versionKey } from '../../../../shared/domain/sealed-keys.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import { createConnection } from '../../../../shared/use-cases/connections/create-connection.ts'
import { createFreeze } from '../../../../shared/use-cases/freezes/manage-freezes.ts'
import { rotateConnection } from '../../../../shared/use-cases/rotation/rotate-connection.ts'
import { warnOfDeadline } from '../../../../shared/use-cases/rotation/warn-of-deadline.ts'
import { doWorkItem } from '../../../../shared/use-cases/rotation/work-item.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'
import { CODE_SETUP, GRANT } from '../../../support/oauth2-setups.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

let world: GrantsUnderTest
beforeEach(async () => {
  world = await startGrantsUnderTest()
})
afterEach(() => world.close())

async function authorized(grant: object = GRANT): Promise<string> {
  world.provider.answerWith(() => ({ body: grant }))
  return world.authorized()
}

const sent = () => world.provider.requests.length
const work = (id: string) => doWorkItem(world.ports, { kind: 'rotate', tenant: world.tenant, id })
async function events(id: string) {
  const page = await world.ports.items.query({ partition: eventsPartition(world.tenant), limit: 100 })
  return page.items
    .map(({ attributes }) => attributes)
    .filter((event) => event['connection_id'] === id)
    .map(({ type, changed }) => [type, changed])
}

describe('doWorkItem', () => {
  it('says that there is nothing left of what was deleted or settled meanwhile', async () => {
    expect(await work('ac_gone')).toEqual({ kind: 'rotate', result: { kind: 'gone' } })
    const rescue = { kind: 'rescue', tenant: world.tenant, id: 'ac_gone', op: 'an-op' } as const
    expect(await doWorkItem(world.ports, rescue)).toEqual({ kind: 'rescue', outcome: 'gone' })
  })

  it('says how late a rotation comes, at its instant too, and nothing of one that is not due', async () => {
    const id = await authorized()
    const dueAtMs = (await world.row(id)).due_at!
    await world.clock.advance(dueAtMs - 1 - world.clock.nowMs())
    expect(await work(id)).not.toHaveProperty('lateMs')
    await world.clock.advance(1)
    world.provider.answerWith(() => ({ status: 503, body: {} }))
    expect(await work(id)).toMatchObject({ result: { kind: 'failed' }, lateMs: 0 })
    await world.clock.advance((await world.row(id)).due_at! + 3 * MINUTE_MS - world.clock.nowMs())
    world.provider.answerWith(() => ({ body: GRANT }))
    expect(await work(id)).toMatchObject({ result: { kind: 'rotated' }, lateMs: 3 * MINUTE_MS })
  })

  it('asks nobody for a connection that is frozen, and looks at it again in five minutes', async () => {
    const id = await authorized()
    const freeze = await createFreeze(world.ports, {
      tenant: world.tenant,
      createdBy: 'ops',
      reason: 'a test',
      revoke: false,
      connectionId: id,
    } as Parameters<typeof createFreeze>[1])
    const job = { kind: 'freeze', tenant: world.tenant, id: freeze.id } as const
    expect(await doWorkItem(world.ports, job)).toEqual({ kind: 'freeze' })
    await world.clock.advance(2 * HOUR_MS)
    const before = sent()
    expect(await work(id)).toEqual({ kind: 'rotate', result: { kind: 'frozen' } })
    expect(sent()).toBe(before)
    expect((await world.row(id)).due_at).toBe(world.clock.nowMs() + 5 * MINUTE_MS)
  })
})

describe('a static setup that is looked at', () => {
  const look = (id: string, cause: 'rejected' | 'manual') =>
    rotateConnection(world.ports, { tenant: world.tenant, id, cause })

  it('is told of once when it is gone, and once when it is back', async () => {
    const { id, secret } = await world.create('TELEGRAM', { type: 'TOKEN', token: 'token-0123456789' })
    const keys = [versionKey(secret!.secretId, secret!.versionId), metaKey(secret!.secretId)]
    const kept = await Promise.all(
      keys.map(async (key) => ({ key, attributes: (await world.ports.items.get(key))! })),
    )
    await world.ports.items.transact(keys.map((key) => ({ op: 'delete', key })))
    await look(id, 'manual')
    expect(await events(id)).toHaveLength(1)
    for (let time = 0; time < 2; time++) await look(id, 'rejected')
    expect((await events(id)).slice(1)).toEqual([['connection.degraded', ['status']]])
    expect(await world.row(id)).toMatchObject({ failure: { code: 'setup_missing', count: 1 } })
    await world.ports.items.transact(kept.map((item) => ({ op: 'put', ...item })))
    for (let time = 0; time < 2; time++) await look(id, 'rejected')
    expect((await events(id)).slice(2)).toEqual([['connection.recovered', ['status']]])
    expect((await world.row(id)).failure).toBeUndefined()
  })

  it('leaves the index where nothing of it is due any more', async () => {
    const { id } = await world.create('TELEGRAM', { type: 'TOKEN', token: 'token-0123456789' })
    const set = { due_at: world.clock.nowMs(), due_shard: 'rotation#00' }
    await world.ports.items.transact([{ op: 'update', key: connectionKey(world.tenant, id), set }])
    await work(id)
    expect((await world.row(id)).due_at).toBeUndefined()
  })

  it('is left where it is in the index until its next step, and told of each once', async () => {
    const { row } = await createConnection(world.ports, {
      ...{ tenant: world.tenant, clientId: 'test', name: 'Bot', appId: 'TELEGRAM' },
      setup: { type: 'TOKEN', token: 'token-0123456789' },
      credentialExpiresAtMs: world.clock.nowMs() + 20 * DAY_MS,
    })
    await work(row.id)
    const { due_at: dueAtMs } = await world.row(row.id)
    expect(dueAtMs).toBe(row.credentialExpiresAtMs! - 7 * DAY_MS)
    const before = (await events(row.id)).length
    await work(row.id)
    expect(await events(row.id)).toHaveLength(before)
    await world.clock.advance(dueAtMs! - world.clock.nowMs())
    await work(row.id)
    expect((await events(row.id)).at(-1)).toEqual(['connection.authorization_expiring', ['status']])
    await world.clock.advance(6 * DAY_MS)
    await work(row.id)
    expect((await events(row.id)).at(-1)).toEqual(['connection.authorization_expiring', []])
    await world.clock.advance(DAY_MS)
    await work(row.id)
    expect((await events(row.id)).at(-1)).toEqual(['connection.degraded', []])
    expect((await world.row(row.id)).due_at).toBeUndefined()
  })
})

describe('warnOfDeadline', () => {
  it('tells once of a deadline that is near, and nobody who has to authorize anyway', async () => {
    const id = await authorized({ ...GRANT, refresh_token_expires_in: (60 * DAY_MS) / 1000 })
    const row = await world.row(id)
    const deadlineMs = row.grants!['main']!.refreshExpiresAtMs!
    expect(await warnOfDeadline(world.ports, row)).toBe(row)
    await world.clock.advance(59 * DAY_MS)
    const dead = { ...row, status: 'reauthorization_required' } as const
    expect(await warnOfDeadline(world.ports, dead)).toBe(dead)
    const told = await warnOfDeadline(world.ports, row)
    expect(told).toMatchObject({ status: 'ready', warnedRefreshExpiryMs: deadlineMs })
    expect((await events(id)).at(-1)).toEqual(['connection.authorization_expiring', []])
    expect(await warnOfDeadline(world.ports, told)).toBe(told)
  })
})

describe('the account of a grant that was brought along', () => {
  async function bring(readImport: () => Promise<{ account?: { email: string } }>) {
    world.provider.answerWith(() => ({ body: GRANT }))
    const { row } = await createConnection(world.ports, {
      ...{ tenant: world.tenant, clientId: 'test', name: 'Orders', appId: 'OAUTH2' },
      setup: { ...CODE_SETUP, userinfo_url: 'https://idp.example.test/me' },
      grant: { refreshToken: new SecretText('brought') },
    })
    const { oauth } = world.ports
    const asking = new Proxy(oauth, {
      get: (target, name: keyof typeof oauth) =>
        name === 'readImport' ? readImport : target[name].bind(target as never),
    })
    const request = { tenant: world.tenant, id: row.id, cause: 'manual' } as const
    return { id: row.id, rotate: () => rotateConnection({ ...world.ports, oauth: asking }, request) }
  }

  it('is asked about once, with the first token that it gets, and told', async () => {
    let asked = 0
    const { id, rotate } = await bring(async () => {
      asked++
      return { account: { email: 'ada@acme.example' } }
    })
    const { grants } = await world.row(id)
    expect(grants?.['main']?.notes).toContain('account_not_asked')
    const result = await rotate()
    expect(result).toMatchObject({ kind: 'rotated', row: { account: { email: 'ada@acme.example' } } })
    expect(await world.row(id)).toMatchObject({ account: { email: 'ada@acme.example' } })
    expect((await events(id)).at(-1)).toEqual(['connection.updated', ['account']])
    await rotate()
    expect(asked).toBe(1)
  })

  it('stays open where the provider does not say it', async () => {
    const { id, rotate } = await bring(async () => ({}))
    expect(await rotate()).toMatchObject({ kind: 'rotated' })
    expect((await world.row(id)).account).toBeUndefined()
    expect((await events(id)).at(-1)?.[0]).not.toBe('connection.updated')
  })
})
