import { eventsPartition } from '../../../../shared/domain/keys.ts'
import { rotateConnection } from '../../../../shared/use-cases/rotation/rotate-connection.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'
import { GRANT } from '../../../support/oauth2-setups.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

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

describe('a grant that nothing renews', () => {
  const { refresh_token: _, ...LASTING } = GRANT
  const rotate = (id: string, cause: 'manual' | 'rejected' | 'fetch' | 'due') =>
    rotateConnection(world.ports, { tenant: world.tenant, id, cause, minTtlMs: HOUR_MS })

  it('is left as it is by who asks for another while it works', async () => {
    const id = await authorized(LASTING)
    const before = await world.row(id)
    for (const cause of ['manual', 'rejected'] as const) {
      expect(await rotate(id, cause)).toMatchObject({ kind: 'nothing' })
    }
    expect(await world.row(id)).toEqual(before)
  })

  it('says ahead of its end that a person is needed, and stops at it', async () => {
    const id = await authorized(LASTING)
    await world.clock.advance((await world.row(id)).due_at! - world.clock.nowMs())
    await rotate(id, 'due')
    expect(await world.row(id)).toMatchObject({ status: 'degraded', failure: { code: 'no_refresh_token' } })
    await world.clock.advance(HOUR_MS)
    await rotate(id, 'fetch')
    expect((await world.row(id)).status).toBe('reauthorization_required')
  })

  it('whose end nobody stated ends by the complaint of a flow, and not by a person who asks', async () => {
    const { expires_in: _life, ...ENDLESS } = LASTING
    const id = await authorized(ENDLESS)
    expect(await rotate(id, 'manual')).toMatchObject({ kind: 'nothing' })
    await rotate(id, 'rejected')
    expect((await world.row(id)).status).toBe('reauthorization_required')
  })
})

describe('a rotation that a flow asks for', () => {
  const rotate = (id: string, cause: 'fetch' | 'manual', minTtlMs = 0) =>
    rotateConnection(world.ports, { tenant: world.tenant, id, cause, minTtlMs })

  it('is made where less is left than the flow needs, and counts for nobody else', async () => {
    const id = await authorized()
    await world.clock.advance(10 * MINUTE_MS)
    const before = sent()
    expect(await rotate(id, 'fetch')).toMatchObject({ kind: 'nothing' })
    expect(await rotate(id, 'fetch', 49 * MINUTE_MS)).toMatchObject({ kind: 'nothing' })
    expect(sent()).toBe(before)
    expect(await rotate(id, 'fetch', 51 * MINUTE_MS)).toMatchObject({ kind: 'rotated' })
    expect(sent()).toBe(before + 1)
    expect(await rotate(id, 'fetch', HOUR_MS)).toMatchObject({ kind: 'nothing' })
  })

  it('waits for the pause of a provider that has just failed, as a person does not', async () => {
    const id = await authorized()
    await world.clock.advance(2 * HOUR_MS)
    world.provider.answerWith(() => ({ status: 503, headers: { 'retry-after': '600' }, body: {} }))
    await rotate(id, 'fetch')
    const before = sent()
    await world.clock.advance(599_000)
    await rotate(id, 'fetch')
    expect(sent()).toBe(before)
    await rotate(id, 'manual')
    expect(sent()).toBe(before + 1)
    await world.clock.advance(600_000)
    world.provider.answerWith(() => ({ body: GRANT }))
    expect(await rotate(id, 'fetch')).toMatchObject({ kind: 'rotated' })
  })
})

describe('a vault that another one stands for', () => {
  it.each([
    ['it is being filled', { side: 'target' }, 'store_restored'],
    ['it was moved', { side: 'source', goneAtMs: 2 }, 'vault_moved'],
  ])('asks nobody and writes nothing while %s, and says so to who waits', async (_, mark, code) => {
    const id = await authorized()
    await world.clock.advance(2 * HOUR_MS)
    const move = { other: 'the other', startedAtMs: 1, ...mark }
    const restored = { move: async () => move, isSet: async () => true }
    const ports = { ...world.ports, restored } as unknown as typeof world.ports
    const before = { row: await world.row(id), sent: sent() }
    const rotate = (cause: 'due' | 'fetch') =>
      rotateConnection(ports, { tenant: world.tenant, id, cause, minTtlMs: 0 })
    expect(await rotate('due')).toEqual({ kind: 'nothing', row: before.row })
    const nowMs = world.clock.nowMs()
    expect(await rotate('fetch')).toMatchObject({
      kind: 'failed',
      row: { failure: { code, firstAtMs: nowMs, lastAtMs: nowMs, retryAtMs: nowMs + MINUTE_MS } },
    })
    expect({ row: await world.row(id), sent: sent() }).toEqual(before)
  })

  it('is none where no such connection is', async () => {
    const request = { tenant: world.tenant, id: 'ac_gone', cause: 'manual' } as const
    expect(await rotateConnection(world.ports, request)).toEqual({ kind: 'gone' })
  })
})

describe('a client that its provider has just refused', () => {
  it('is asked again by a person at once, and by no flow', async () => {
    const id = await authorized()
    await world.clock.advance(2 * HOUR_MS)
    world.provider.answerWith(() => ({ status: 401, body: { error: 'invalid_client' } }))
    const rotate = (cause: 'manual' | 'fetch') =>
      rotateConnection(world.ports, { tenant: world.tenant, id, cause, minTtlMs: HOUR_MS })
    await rotate('fetch')
    const before = sent()
    expect(await rotate('fetch')).toMatchObject({ kind: 'failed' })
    expect(sent()).toBe(before)
    world.provider.answerWith(() => ({ body: GRANT }))
    expect(await rotate('manual')).toMatchObject({ kind: 'rotated' })
    expect(sent()).toBe(before + 1)
  })
})

describe('a refusal under a name that nobody knows', () => {
  const rotate = (id: string) => rotateConnection(world.ports, { tenant: world.tenant, id, cause: 'manual' })
  const refuse = () => world.provider.answerWith(() => ({ status: 400, body: { error: 'says_no' } }))

  it('ends no grant whose access token works, however often it comes, and three times one that has ended', async () => {
    const id = await authorized()
    refuse()
    for (let time = 0; time < 4; time++) await rotate(id)
    const early = await world.row(id)
    expect([early.status, early.failure?.count, early.failure?.refusals]).toEqual(['degraded', 4, undefined])
    await world.clock.advance(2 * HOUR_MS)
    const statuses = []
    for (let time = 0; time < 3; time++) {
      await rotate(id)
      statuses.push([(await world.row(id)).status, (await world.row(id)).failure?.refusals])
    }
    expect(statuses).toEqual([
      ['degraded', 1],
      ['degraded', 2],
      ['reauthorization_required', 3],
    ])
  })

  it('is counted anew after a renewal that went well', async () => {
    const id = await authorized()
    await world.clock.advance(2 * HOUR_MS)
    refuse()
    for (let time = 0; time < 2; time++) await rotate(id)
    world.provider.answerWith(() => ({ body: GRANT }))
    await rotate(id)
    await world.clock.advance(2 * HOUR_MS)
    refuse()
    await rotate(id)
    expect(await world.row(id)).toMatchObject({ status: 'degraded', failure: { count: 1, refusals: 1 } })
  })

  it('says in its event that the state changed, once', async () => {
    const id = await authorized()
    refuse()
    for (let time = 0; time < 2; time++) await rotate(id)
    const page = await world.ports.items.query({ partition: eventsPartition(world.tenant), limit: 100 })
    const told = page.items.map(({ attributes: { type, changed } }) => [type, changed])
    expect(told.filter(([type]) => type === 'connection.degraded')).toEqual([
      ['connection.degraded', ['status']],
    ])
  })
})
