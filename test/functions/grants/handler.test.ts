import type { SQSEvent, SQSRecord } from 'aws-lambda'
import { grantsAtWork } from '../../../functions/grants/grants-at-work.ts'
import { createHandler, type GrantsHandler } from '../../../functions/grants/handler.ts'
import { PrometheusMetrics } from '../../../shared/adapters/metrics/prometheus-metrics.ts'
import { type ItemStore, StoreUnavailableError } from '../../../shared/ports/item-store.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../support/grants-under-test.ts'

const HOUR_MS = 3_600_000
const SETUP = {
  type: 'CLIENT_CREDENTIALS',
  client_id: 'client-000',
  client_secret: 'secret-000',
  token_url: 'https://idp.example.test/token',
}

let world: GrantsUnderTest
/** The rows of this connection do not answer. */
let broken: string | undefined

beforeEach(async () => {
  world = await startGrantsUnderTest()
  broken = undefined
  world.provider.answerWith(() => ({
    body: { access_token: 'access', token_type: 'Bearer', expires_in: 3600 },
  }))
})
afterEach(() => world.close())

function handler(): GrantsHandler {
  const items: ItemStore = world.ports.items
  const faulty: ItemStore = {
    get: (key, options) =>
      key.sort === broken
        ? Promise.reject(new StoreUnavailableError('throttled', 'not-applied'))
        : items.get(key, options),
    transact: (writes) => items.transact(writes),
    query: (query) => items.query(query),
    queryDue: (query) => items.queryDue(query),
    scan: (query) => items.scan(query),
  }
  const ports = { ...world.ports, items: faulty, metrics: new PrometheusMetrics() }
  return createHandler({ ...ports, ...grantsAtWork(ports) })
}

const batch = (...bodies: string[]): SQSEvent => ({
  Records: bodies.map((body, index) => ({ messageId: `m${index}`, body }) as SQSRecord),
})
const rotate = (id: string) => JSON.stringify({ kind: 'rotate', tenant: world.tenant, id })
const versions = async (...ids: string[]) =>
  Promise.all(ids.map(async (id) => (await world.row(id)).credentialVersion))

describe('the handler of grants, given a batch', () => {
  it('does all but what failed, which the next sweep brings again', async () => {
    const ids: string[] = []
    for (let i = 0; i < 3; i++) ids.push((await world.create('OAUTH2', SETUP)).id)
    const [first, second, third] = ids as [string, string, string]
    await world.clock.advance(HOUR_MS)
    broken = second
    const event = batch(rotate(first), rotate(second), rotate(third))
    expect(await handler()(event)).toBeUndefined()
    expect(await versions(first, second, third)).toEqual([2, 1, 2])
    expect(world.lines.join('\n')).toContain('a piece of work failed; the index brings it again')

    broken = undefined
    await world.sweep()
    expect(await versions(first, second, third)).toEqual([2, 2, 2])
  })

  it('is done with a message that it cannot read, says so, and works the others', async () => {
    const { id } = await world.create('OAUTH2', SETUP)
    await world.clock.advance(HOUR_MS)
    expect(await handler()(batch('{"kind":"rota', rotate(id)))).toBeUndefined()
    expect(world.lines.join('\n')).toContain('a piece of work failed')
    expect(await versions(id)).toEqual([2])
  })

  it('acknowledges work for what is not there any more, and sends nothing', async () => {
    const gone = ['rotate', 'freeze', 'rescue'].map((kind) =>
      JSON.stringify({ kind, tenant: world.tenant, id: 'ac_0000000000000000000000', versionId: 'v1' }),
    )
    expect(await handler()(batch(...gone))).toBeUndefined()
    expect(world.lines.join('\n')).not.toContain('failed')
    expect(world.provider.requests).toEqual([])
  })

  it('asks the provider once for a message that comes five times, side by side and again', async () => {
    const { id } = await world.create('OAUTH2', SETUP)
    await world.clock.advance(HOUR_MS)
    const before = world.provider.requests.length
    const event = batch(rotate(id), rotate(id), rotate(id), rotate(id))
    await handler()(event)
    await handler()(batch(rotate(id)))
    expect(world.provider.requests).toHaveLength(before + 1)
    expect(await versions(id)).toEqual([2])
  })
})

describe('the handler of grants, called by another function', () => {
  it('answers with the result, or with the failure in words that the caller can throw again', async () => {
    const { id } = await world.create('OAUTH2', SETUP)
    const request = { tenant: world.tenant, id, cause: 'manual' } as const
    expect(await handler()({ op: 'rotate', request })).toMatchObject({
      kind: 'result',
      result: { kind: 'rotated', row: { id, credentialVersion: 2 } },
    })
    broken = id
    expect(await handler()({ op: 'rotate', request })).toEqual({
      kind: 'store-unavailable',
      message: 'throttled',
      outcome: 'not-applied',
    })
  })

  it('goes on to the end although the caller’s own budget is long over: what is frozen half-way is lost', async () => {
    const { id } = await world.create('OAUTH2', SETUP)
    const arrived = Promise.withResolvers<void>()
    const released = Promise.withResolvers<void>()
    world.provider.answerWith(async () => {
      arrived.resolve()
      await released.promise
      return { body: { access_token: 'slow', token_type: 'Bearer', expires_in: 3600 } }
    })
    let answer: unknown
    const request = { tenant: world.tenant, id, cause: 'fetch', minTtlMs: HOUR_MS } as const
    await world.clock.advance(HOUR_MS)
    const call = handler()({ op: 'rotate', request }).then((given) => {
      answer = given
    })
    await arrived.promise
    await world.clock.advance(59_000)
    expect(answer).toBeUndefined()
    released.resolve()
    await call
    expect(answer).toMatchObject({ kind: 'result', result: { kind: 'rotated' } })
  })
})
