import { withCors } from '../../functions/cors.ts'
import { defineRoute, type Route } from '../../functions/route.ts'
import { VaultError } from '../../shared/domain/errors.ts'
import { httpFunction } from '../support/http-function.ts'

const APP = 'https://app.example.com'

const route = defineRoute({
  name: 'get-thing',
  method: 'GET',
  path: '/things/{id}',
  function: 'api',
  tag: 't',
  summary: 's',
  responses: {},
  handle: async () => ({ status: 200, body: {}, headers: { etag: '"1"', vary: 'accept-encoding' } }),
}) as Route<never>

const failing = defineRoute({
  name: 'fail',
  method: 'POST',
  path: '/fails',
  function: 'api',
  tag: 't',
  summary: 's',
  responses: {},
  handle: async () => {
    throw new VaultError('too-many-requests', 'Later', { retryAfterSeconds: 3 })
  },
}) as Route<never>

function preflight(origin: string, method: string | undefined = 'PATCH') {
  return {
    method: 'OPTIONS',
    route: '$default',
    headers: {
      origin,
      ...(method === '' ? {} : { 'access-control-request-method': method }),
      'access-control-request-headers': 'authorization,if-match',
    },
  }
}

describe('a function with origins', () => {
  const target = httpFunction([route, failing], 1_000, { corsOrigins: [APP, 'https://other.example.com'] })

  it('allows a preflight of a listed origin what our routes take, and no credentials', async () => {
    const { statusCode, headers, body } = await target.call(preflight(APP))
    expect({ statusCode, body }).toEqual({ statusCode: 204, body: undefined })
    expect(headers).toEqual({
      'access-control-allow-origin': APP,
      'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
      'access-control-allow-headers':
        'authorization, content-type, idempotency-key, if-match, if-none-match, x-flow-id',
      'access-control-max-age': '3600',
      vary: 'origin, access-control-request-method, access-control-request-headers',
      'cache-control': 'no-store',
    })
  })

  it.each([
    'https://evil.example.com',
    'http://app.example.com',
    'https://app.example.com.evil.test',
    'https://app.example.com:8443',
    'HTTPS://APP.EXAMPLE.COM',
    'null',
    '*',
    '',
  ])('tells the origin %j nothing', async (origin) => {
    for (const call of [preflight(origin), { headers: { origin } }]) {
      const { headers } = await target.call(call)
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([])
      expect(headers['vary']).toMatch(/(^|, )origin$/)
    }
    expect((await target.call(preflight(origin))).statusCode).toBe(404)
  })

  it('shows a listed origin the answer and its headers, of an error too', async () => {
    const read = await target.call({ headers: { origin: APP } })
    expect(read.headers).toMatchObject({
      'access-control-allow-origin': APP,
      vary: 'accept-encoding, origin',
      etag: '"1"',
    })
    const exposed = read.headers['access-control-expose-headers']!.split(', ')
    expect(exposed).toEqual(
      expect.arrayContaining(['etag', 'retry-after', 'x-request-id', 'x-ratelimit-reset']),
    )
    const failed = await target.call({ route: 'POST /fails', headers: { origin: APP } })
    expect(failed).toMatchObject({ statusCode: 429, headers: { 'access-control-allow-origin': APP } })
    expect(read.headers['access-control-allow-credentials']).toBeUndefined()
  })

  it('answers OPTIONS that is no preflight like any method that no route has', async () => {
    const { statusCode } = await target.call(preflight(APP, ''))
    expect(statusCode).toBe(404)
  })

  it('keeps apart in caches what has no origin', async () => {
    expect((await target.call()).headers['vary']).toBe('accept-encoding, origin')
  })
})

describe('a function without origins', () => {
  const target = httpFunction([route])

  it('says nothing of them', async () => {
    const { headers } = await target.call({ headers: { origin: APP } })
    expect(headers['vary']).toBe('accept-encoding')
    expect(headers['access-control-allow-origin']).toBeUndefined()
    expect((await target.call(preflight(APP))).statusCode).toBe(404)
  })
})

describe('withCors', () => {
  it('leaves a handler alone where nobody is allowed', () => {
    const handle = async () => ({ statusCode: 200 })
    expect(withCors([], handle)).toBe(handle)
  })
})
