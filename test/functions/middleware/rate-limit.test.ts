import { uncounted } from '../../../functions/middleware/rate-limit.ts'
import { defineRoute, type Route, type RouteDefinition } from '../../../functions/route.ts'
import type { ItemStore } from '../../../shared/ports/item-store.ts'
import { type HttpFunction, httpFunction } from '../../support/http-function.ts'

const PER_SECOND = 5
const START_S = Date.UTC(2030, 0, 1) / 1000
const TOKEN = 'acme read:flows_vault_connections'

function route(
  path: string,
  { isPublic = false, budget }: { isPublic?: boolean; budget?: RouteDefinition<never>['budget'] } = {},
): Route<never> {
  return defineRoute({
    name: path,
    method: 'GET',
    path,
    function: 'api',
    ...(isPublic ? {} : { scopes: ['read:flows_vault_connections'] }),
    ...(budget === undefined ? {} : { budget }),
    tag: 't',
    summary: 's',
    responses: {},
    handle: async () => ({ status: 204 }),
  }) as Route<never>
}

let target: HttpFunction

beforeEach(() => {
  const routes = [
    route('/managed'),
    route('/fetched', { budget: 'fetches' }),
    route('/complained', { budget: 'complaints' }),
    route('/open', { isPublic: true }),
    route('/alive', { isPublic: true, budget: 'none' }),
  ]
  target = httpFunction(routes, PER_SECOND)
})

async function budget(token: string | undefined = TOKEN, routeKey = 'GET /managed', from = '192.0.2.1') {
  const { statusCode, headers } = await target.call({
    route: routeKey,
    from,
    ...(token === '' ? {} : { token }),
  })
  return {
    status: statusCode,
    remaining: Number(headers['x-ratelimit-remaining']),
    resetInS: Number(headers['x-ratelimit-reset']) - START_S,
  }
}

describe('rateLimit', () => {
  test('counts down from the limit, and says at which Unix second all of it is back', async () => {
    expect(await budget()).toEqual({ status: 204, remaining: 4, resetInS: 1 })
    expect(await budget()).toEqual({ status: 204, remaining: 3, resetInS: 1 })
    await target.clock.advance(10_000)
    const after = await target.call({ token: TOKEN })
    expect(after.headers).toMatchObject({
      'x-ratelimit-limit': '5',
      'x-ratelimit-remaining': '4',
      'x-ratelimit-reset': String(START_S + 11),
    })
  })

  test('refuses with Auth0’s text past the limit, and takes one again when one is back', async () => {
    for (let sent = 0; sent < PER_SECOND; sent++) expect((await budget()).status).toBe(204)
    const refused = await target.call({ token: TOKEN })
    expect(refused.statusCode).toBe(429)
    expect(refused.json).toEqual({
      statusCode: 429,
      error: 'Too Many Requests',
      message: 'Global limit has been reached',
      errorCode: 'too_many_requests',
    })
    expect(refused.headers).toMatchObject({ 'retry-after': '1', 'x-ratelimit-remaining': '0' })
    await target.clock.advance(199)
    expect((await budget()).status).toBe(429)
    await target.clock.advance(1)
    expect((await budget()).status).toBe(204)
    expect((await budget()).status).toBe(429)
  })

  test('never gathers more than a second’s worth', async () => {
    await budget()
    await target.clock.advance(3_600_000)
    const statuses = []
    for (let sent = 0; sent <= PER_SECOND; sent++) statuses.push((await budget()).status)
    expect(statuses).toEqual([204, 204, 204, 204, 204, 429])
  })

  test('keeps a bucket a tenant', async () => {
    for (let sent = 0; sent <= PER_SECOND; sent++) await budget()
    expect((await budget()).status).toBe(429)
    expect(await budget('other read:flows_vault_connections')).toMatchObject({ status: 204, remaining: 4 })
  })

  test('takes fetches and complaints from budgets of their own', async () => {
    for (let sent = 0; sent <= PER_SECOND; sent++) await budget()
    expect((await budget()).status).toBe(429)
    expect(await budget(TOKEN, 'GET /fetched')).toMatchObject({ status: 204, remaining: 49 })
    expect(await budget(TOKEN, 'GET /complained')).toMatchObject({ status: 204, remaining: 0 })
    expect(await budget(TOKEN, 'GET /complained')).toMatchObject({ status: 429, remaining: 0 })
    expect(await budget(TOKEN, 'GET /fetched')).toMatchObject({ status: 204, remaining: 48 })
  })

  test('counts who is not known by the address, whatever is asked for, and nobody else', async () => {
    expect(await budget('', 'GET /open')).toMatchObject({ status: 204, remaining: 4 })
    expect(await budget('')).toMatchObject({ status: 401, remaining: 3 })
    expect(await budget('bad')).toMatchObject({ status: 401, remaining: 2 })
    expect(await budget('', 'GET /nowhere')).toMatchObject({ status: 404, remaining: 1 })
    expect(await budget('', 'GET /open')).toMatchObject({ status: 204, remaining: 0 })
    for (const refused of ['GET /open', 'GET /managed', 'GET /nowhere']) {
      expect(await budget('', refused)).toMatchObject({ status: 429, remaining: 0 })
    }
    expect(await budget('bad')).toMatchObject({ status: 429 })
    expect(await budget('', 'GET /open', '192.0.2.2')).toMatchObject({ status: 204, remaining: 4 })
    expect(await budget()).toMatchObject({ status: 204, remaining: 4 })
  })

  test('lets a monitor ask whether the vault lives, from an address that has nothing left', async () => {
    for (let sent = 0; sent <= PER_SECOND; sent++) await budget('', 'GET /open')
    expect(await budget('', 'GET /alive')).toMatchObject({ status: 204, remaining: 0 })
  })

  test('counts a request that its token does not allow', async () => {
    expect(await budget('acme')).toMatchObject({ status: 403, remaining: 4 })
    expect(await budget()).toMatchObject({ remaining: 3 })
    for (let sent = 0; sent <= PER_SECOND; sent++) await budget('acme')
    expect(await budget('acme')).toMatchObject({ status: 429 })
  })

  test('charges a long body, and a short one nothing', async () => {
    const send = async (length: number) =>
      (await target.call({ token: TOKEN, body: 'x'.repeat(length) })).headers['x-ratelimit-remaining']
    // What a body costs beyond its request is seen by the next one.
    expect([await send(8_191), await send(8_192), await send(24_576)]).toEqual(['4', '3', '1'])
    expect((await target.call({ token: TOKEN })).statusCode).toBe(429)
    await target.clock.advance(399)
    expect((await target.call({ token: TOKEN })).statusCode).toBe(429)
  })

  test('charges no body that was refused, so that whoever sends long ones is back after a second', async () => {
    for (let sent = 0; sent < PER_SECOND; sent++) await budget()
    const refused = await target.call({ token: TOKEN, body: 'x'.repeat(81_920) })
    expect(refused.statusCode).toBe(429)
    await target.clock.advance(1_000)
    expect(await budget()).toMatchObject({ status: 204, remaining: 4 })
  })

  /** A route that asks the row store for more than a page. */
  const reading = (handle: (items: ItemStore) => Promise<unknown>) =>
    ({
      ...route('/rows'),
      handle: async (_: unknown, ports: { items: ItemStore }) => {
        await handle(ports.items)
        return { status: 204 }
      },
    }) as unknown as Route<never>

  test.each([
    ['whole rows', 133, undefined],
    ['as much of rows as lists need', 403, ['v']],
  ])('charges what a request reads, so that long reads wait for each other: %s', async (_, rows, only) => {
    const read = reading((items) => items.query({ partition: 'p', limit: 1_000, skip: 1_000, only }))
    const items = { query: async () => ({ items: Array.from({ length: rows }) }) }
    target = httpFunction([read], PER_SECOND, { items })
    const statuses = async (count: number) => {
      const all = []
      for (let sent = 0; sent < count; sent++) all.push((await budget(TOKEN, 'GET /rows')).status)
      return all
    }
    // Three units a request: itself, and two beyond the page that it has paid for.
    expect(await statuses(3)).toEqual([204, 204, 429])
    await target.clock.advance(1_000)
    expect(await statuses(3)).toEqual([204, 204, 429])
    expect(await budget('other read:flows_vault_connections', 'GET /rows')).toMatchObject({
      status: 204,
      remaining: 4,
    })
  })

  test('has one long query of a tenant at a time, and short ones as they come', async () => {
    const waiting: (() => void)[] = []
    const query = () => new Promise((resolve) => waiting.push(() => resolve({ items: [] })))
    const read = (limit: number) => reading((items) => items.query({ partition: 'p', limit }))
    const routes = [read(102), { ...read(101), path: '/page' }] as Route<never>[]
    target = httpFunction(routes, PER_SECOND, { items: { query } })
    const other = 'other read:flows_vault_connections'
    const asked = [
      budget(TOKEN, 'GET /rows'),
      budget(TOKEN, 'GET /rows'),
      budget(other, 'GET /rows'),
      budget(TOKEN, 'GET /page'),
    ]
    await new Promise(setImmediate)
    expect(waiting).toHaveLength(3)
    for (const go of waiting.splice(0)) go()
    await new Promise(setImmediate)
    expect(waiting).toHaveLength(1)
    waiting[0]!()
    expect(await Promise.all(asked)).toHaveLength(4)
  })
})

describe('uncounted', () => {
  test('is a whole budget, back at the second that begins next', () => {
    expect(uncounted(PER_SECOND, 1_500)).toEqual({ limit: 5, remaining: 5, resetAtS: 2 })
  })
})
