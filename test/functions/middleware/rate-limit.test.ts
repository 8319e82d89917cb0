import { uncounted } from '../../../functions/middleware/rate-limit.ts'
import { defineRoute, type FunctionName, type Route } from '../../../functions/route.ts'
import { type HttpFunction, httpFunction } from '../../support/http-function.ts'

const PER_SECOND = 5
const START_S = Date.UTC(2030, 0, 1) / 1000
const TOKEN = 'acme read:flows_vault_connections'

function route(name: FunctionName, path: string, isPublic = false): Route<never> {
  return defineRoute({
    name: path,
    method: 'GET',
    path,
    function: name,
    ...(isPublic ? {} : { scopes: ['read:flows_vault_connections'] }),
    tag: 't',
    summary: 's',
    responses: {},
    handle: async () => ({ status: 204 }),
  }) as Route<never>
}

let target: HttpFunction

beforeEach(() => {
  const routes = [route('api', '/managed'), route('credentials', '/fetched'), route('api', '/open', true)]
  target = httpFunction(routes, PER_SECOND)
})

async function budget(token: string | undefined = TOKEN, routeKey = 'GET /managed') {
  const { statusCode, headers } = await target.call({ route: routeKey, ...(token === '' ? {} : { token }) })
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

  test('never refuses a fetch of credentials, whatever the tenant has spent', async () => {
    for (let sent = 0; sent <= PER_SECOND; sent++) await budget()
    expect(await budget(TOKEN, 'GET /fetched')).toMatchObject({ status: 204, remaining: 0 })
  })

  test('does not count who is not known, so that nobody can use up what others share', async () => {
    for (let sent = 0; sent < 3 * PER_SECOND; sent++) {
      expect(await budget('', 'GET /open')).toMatchObject({ status: 204, remaining: PER_SECOND })
    }
    expect(await budget('')).toMatchObject({ status: 401, remaining: PER_SECOND })
    expect(await budget('', 'GET /nowhere')).toMatchObject({ status: 404, remaining: PER_SECOND })
  })

  test('does not count a request that its token does not allow', async () => {
    expect(await budget('acme')).toMatchObject({ status: 403, remaining: PER_SECOND })
    expect(await budget()).toMatchObject({ remaining: 4 })
  })
})

describe('uncounted', () => {
  test('is a whole budget, back at the second that begins next', () => {
    expect(uncounted(PER_SECOND, 1_500)).toEqual({ limit: 5, remaining: 5, resetAtS: 2 })
  })
})
