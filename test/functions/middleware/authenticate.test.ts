import { defineRoute, type Route } from '../../../functions/route.ts'
import { httpFunction } from '../../support/http-function.ts'

const guarded = defineRoute({
  name: 'guarded',
  method: 'GET',
  path: '/guarded',
  function: 'api',
  scopes: ['read:flows_vault_connections', 'read:flows_vault_events'],
  tag: 't',
  summary: 's',
  responses: {},
  handle: async ({ caller }) => ({ status: 200, body: { tenant: caller.tenant, client: caller.clientId } }),
}) as Route<never>

const open = defineRoute({
  name: 'open',
  method: 'GET',
  path: '/open',
  function: 'api',
  tag: 't',
  summary: 's',
  responses: {},
  handle: async () => ({ status: 204 }),
}) as Route<never>

const careless = defineRoute({
  name: 'careless',
  method: 'GET',
  path: '/careless',
  function: 'api',
  tag: 't',
  summary: 's',
  responses: {},
  handle: async ({ caller }) => ({ status: 200, body: { tenant: caller.tenant } }),
}) as Route<never>

const target = httpFunction([guarded, open, careless])

describe('authenticate', () => {
  test('hands the caller of the token on', async () => {
    const answer = await target.call({ token: 'acme read:flows_vault_events' })
    expect(answer.json).toEqual({ tenant: 'acme', client: 'client' })
  })

  test('is content with any one of the route’s scopes, and names them all when there is none', async () => {
    for (const scope of ['read:flows_vault_connections', 'read:flows_vault_events']) {
      expect((await target.call({ token: `acme ${scope}` })).statusCode).toBe(200)
    }
    const refused = await target.call({ token: 'acme delete:flows_vault_connections' })
    expect(refused.json).toMatchObject({
      statusCode: 403,
      errorCode: 'insufficient_scope',
      message: 'Insufficient scope, expected any of: read:flows_vault_connections,read:flows_vault_events',
    })
  })

  test('says how to authenticate to whoever did not, and that the token is bad to whoever did', async () => {
    const missing = await target.call()
    expect(missing.json).toEqual({
      statusCode: 401,
      error: 'Unauthorized',
      message: 'Missing authentication',
    })
    expect(missing.headers['www-authenticate']).toBe('Bearer')
    expect((await target.call({ token: 'bad' })).json).toMatchObject({ message: 'Invalid token' })
  })

  test('tells the log that it was the scope', async () => {
    await target.call({ token: 'acme delete:flows_vault_connections' })
    expect(target.logged.at(-1)).toMatchObject({ status: 403, reason: 'the scope' })
  })

  test.each([
    ['in small letters', 'bearer acme read:flows_vault_events'],
    ['with blanks around the token', 'Bearer   acme read:flows_vault_events '],
    ['of 8192 characters', `Bearer ${'acme read:flows_vault_events'.padEnd(8184, ' ')}x`],
  ])('takes a header %s', async (_how, authorization) => {
    expect((await target.call({ headers: { authorization } })).json).toMatchObject({ tenant: 'acme' })
  })

  test.each(['', 'Bearer', 'Basic YTpi', 'acme', 'Basic bearer acme', `Bearer ${'acme'.padEnd(8185)}x`])(
    'does not take %j for a bearer token, and does not show it to the verifier',
    async (authorization) => {
      const answer = await target.call({ headers: { authorization } })
      expect(answer.json).toMatchObject({ statusCode: 401, message: 'Invalid token' })
      expect(answer.headers['www-authenticate']).toBe('Bearer error="invalid_token"')
    },
  )

  test('asks nobody at an open route, not even for a bad token', async () => {
    expect((await target.call({ route: 'GET /open' })).statusCode).toBe(204)
    expect((await target.call({ route: 'GET /open', token: 'bad' })).statusCode).toBe(204)
  })

  test('makes an open route that asks for its caller a bug, not a tenant', async () => {
    expect((await target.call({ route: 'GET /careless', token: 'acme' })).statusCode).toBe(500)
    expect(target.logged.at(-2)).toMatchObject({ error: 'InvariantError' })
  })
})
