import { allRoutes } from '../../functions/route-table.ts'
import { type RunningVault, startRunningVault } from '../support/running-vault.ts'
import { until } from '../support/until.ts'
import { fetchToken } from '../support/vault-token.ts'

const BASE = '/api/v2/flows/vault'
const UNKNOWN = 'ac_00000000UnknownUnknown'

let vault: RunningVault
/** All scopes, no permit. */
let admin: string
/** All scopes, and permits. */
let narrowed: { id: string; token: string }
let mine: string
let theirs: string
let deleted: string

beforeAll(async () => {
  vault = await startRunningVault()
  admin = await fetchToken(vault.url, vault.client({ tenant: 'acme' }))
  const client = vault.client({ tenant: 'acme' })
  narrowed = { id: client.clientId, token: await fetchToken(vault.url, client) }
  mine = await create(admin, 'mine')
  theirs = await create(admin, 'theirs')
  deleted = await create(admin, 'deleted')
  await call(admin, 'DELETE', `/connections/${deleted}`)
  await permit({ connections: [mine] })
})

afterAll(async () => {
  await vault.stop()
})

async function call(token: string, method: string, path: string, body?: unknown) {
  const response = await fetch(`${vault.url}${BASE}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? undefined : JSON.parse(text),
  }
}

async function create(token: string, name: string, app_id = 'HTTP'): Promise<string> {
  const setup = { type: 'BEARER', token: 'a-token-0123456789' }
  return (await call(token, 'POST', '/connections', { name, app_id, setup })).body.id
}

const permit = async (what: object) =>
  (await call(admin, 'POST', '/permits', { client: narrowed.id, ...what })).body

/** A body that each route takes, so that nothing but the id decides. */
const BODIES: Readonly<Record<string, unknown>> = {
  'update-connection': { name: 'taken over', setup: { type: 'BEARER', token: 'taken-token-000' } },
  'authorize-connection': {},
  'reject-credential': { credential_version: 1 },
  'put-flow': { name: 'a flow' },
}
const BY_CONNECTION = allRoutes()
  .filter(({ path, scopes }) => path.startsWith(`${BASE}/connections/{id}`) && scopes !== undefined)
  .map((route) => [route.name, route] as const)
const ABOUT_THE_TENANT = allRoutes()
  .filter(
    ({ path, scopes }) =>
      scopes !== undefined &&
      path.startsWith(BASE) &&
      !/\/(?:connections|events|connectors|presets|session|authorizations)(?:\/|$)/.test(path),
  )
  .map((route) => [route.name, route] as const)

describe.each(BY_CONNECTION)('%s', (_name, route) => {
  test.each(['theirs', 'deleted'])(
    'answers what a client is not permitted (%s) like an unknown id',
    async (kind) => {
      const path = (id: string) =>
        route.path.slice(BASE.length).replace('{id}', id).replace('{flow_id}', 'f-1')
      const answer = async (id: string) => {
        const { status, body } = await call(narrowed.token, route.method, path(id), BODIES[route.name])
        return { status, body }
      }
      const unknown = await answer(UNKNOWN)
      expect(await answer(kind === 'theirs' ? theirs : deleted)).toEqual(unknown)
      expect(unknown.status).toBe(404)
      expect((await call(admin, 'GET', `/connections/${theirs}`)).body.name).toBe('theirs')
    },
  )
})

describe.each(ABOUT_THE_TENANT)('%s', (_name, route) => {
  test('is not for a client with permits', async () => {
    const query = route.name === 'replay-subscription' ? '?after=latest' : ''
    const path = `${route.path.slice(BASE.length).replace('{id}', UNKNOWN)}${query}`
    const answer = await call(narrowed.token, route.method, path, validBodies[route.name])
    expect([400, 403]).toContain(answer.status)
    if (route.bodySchema === undefined) expect(answer.status).toBe(403)
  })
})

const validBodies: Readonly<Record<string, unknown>> = {
  'create-freeze': { app_id: 'HTTP', reason: 'r' },
  'create-permit': { client: 'x', apps: ['HTTP'] },
  'create-subscription': { url: 'https://hooks.example.com' },
}

describe('a client with a permit', () => {
  test('lists, counts and follows only what it names, and has all its scopes give there', async () => {
    const list = await call(narrowed.token, 'GET', '/connections?include_totals=true')
    expect(list.body.connections.map(({ id }: { id: string }) => id)).toEqual([mine])
    expect(list.body.total).toBe(1)
    expect((await call(narrowed.token, 'GET', `/connections?q=${theirs}`)).body).toEqual([])
    expect((await call(narrowed.token, 'GET', '/connections/summary')).body.total).toBe(1)
    expect((await call(narrowed.token, 'GET', `/connections/${mine}/credentials`)).status).toBe(200)
    expect((await call(narrowed.token, 'PATCH', `/connections/${mine}`, { name: 'new' })).status).toBe(200)
    const feed = await until(
      async () => (await call(narrowed.token, 'GET', '/events')).body,
      (page) => page.events.length >= 2,
      10_000,
    )
    expect(new Set(feed.events.map((event: { connection_id: string }) => event.connection_id))).toEqual(
      new Set([mine]),
    )
    const next = await call(narrowed.token, 'GET', `/events?after=${feed.after}`)
    expect([next.status, next.body.events]).toEqual([200, []])
  })

  test('makes nothing in an app that no permit names', async () => {
    const refused = await call(narrowed.token, 'POST', '/connections', { name: 'x', app_id: 'SLACK' })
    expect(refused.status).toBe(403)
    expect(refused.body.message).toContain('SLACK')
    const permittedApps = async (token: string) => (await call(token, 'GET', '/session')).body.permitted_apps
    expect([await permittedApps(admin), await permittedApps(narrowed.token)]).toEqual([null, []])
    const slack = await permit({ apps: ['SLACK'] })
    expect(await permittedApps(narrowed.token)).toEqual(['SLACK'])
    expect((await call(narrowed.token, 'POST', '/connections', { name: 'x', app_id: 'SLACK' })).status).toBe(
      201,
    )
    expect((await call(admin, 'DELETE', `/permits/${slack.id}`)).status).toBe(204)
  })

  test('loses and gains what its permits name within a second, and stays narrowed by one that is over', async () => {
    const more = await permit({ connections: [theirs], until: '2099-01-01T00:00:00+02:00' })
    expect(more.until).toBe('2098-12-31T22:00:00.000Z')
    expect((await call(narrowed.token, 'GET', `/connections/${theirs}`)).status).toBe(200)
    await call(admin, 'DELETE', `/permits/${more.id}`)
    expect((await call(narrowed.token, 'GET', `/connections/${theirs}`)).status).toBe(404)
    expect((await call(admin, 'GET', `/permits?client=${narrowed.id}`)).body).toHaveLength(1)
  })

  test('sees how an authorization of its own stands, and of no other', async () => {
    const setup = {
      ...{ type: 'AUTHORIZATION_CODE', client_id: 'c', client_secret: 'a-secret-0123456789' },
      authorization_url: 'https://idp.example.com/authorize',
      token_url: 'https://idp.example.com/token',
    }
    const begin = async (name: string): Promise<string[]> => {
      const made = await call(admin, 'POST', '/connections', { name, app_id: 'OAUTH2', setup })
      const begun = await call(admin, 'POST', `/connections/${made.body.id}/authorize`, {})
      return [made.body.id, `/authorizations/${begun.body.authorization_id}`]
    }
    const [own = '', ownPath = ''] = await begin('own')
    const [, otherPath = ''] = await begin('other')
    const more = await permit({ connections: [own] })
    expect((await call(narrowed.token, 'GET', ownPath)).body).toMatchObject({ connection_id: own })
    const unknown = await call(narrowed.token, 'GET', '/authorizations/au_000000000000')
    const { status, body } = await call(narrowed.token, 'GET', otherPath)
    expect([status, body]).toEqual([404, unknown.body])
    expect((await call(admin, 'GET', otherPath)).status).toBe(200)
    await call(admin, 'DELETE', `/permits/${more.id}`)
  })

  test('cannot widen itself', async () => {
    const widened = await call(narrowed.token, 'POST', '/permits', { client: narrowed.id, apps: ['HTTP'] })
    expect(widened.status).toBe(403)
  })

  test.each([
    ['GET', '/clients'],
    ['POST', '/clients'],
    ['DELETE', '/clients/anybody'],
  ])('makes and sees no client that is not narrowed: %s %s', async (method, path) => {
    const body = method === 'POST' ? { name: 'wide' } : undefined
    expect((await call(narrowed.token, method, path, body)).status).toBe(403)
  })
})

describe('a permit that cannot be', () => {
  test.each([
    [{ client: 'x' }, 'connections or apps'],
    [{ client: 'x', connections: ['ac_1'], apps: ['HTTP'] }, 'one of the two'],
    [{ client: 'x', apps: ['NOPE'] }, 'SLACK'],
    [{ client: 'x', apps: ['HTTP'], until: '2001-01-01T00:00:00Z' }, 'to come'],
    [{ client: 'x', apps: ['HTTP'], until: '2001-01-01T00:00:00+02:00' }, 'to come'],
    [{ client: 'x', apps: ['HTTP'], until: 978_307_200 }, 'to come'],
    [{ client: 'x', apps: ['HTTP'], until: 'soon' }, 'until'],
    [{ client: 'x', apps: ['HTTP'], until: '2099-02-30T00:00:00Z' }, 'until'],
    [{ connections: ['ac_1'] }, 'client'],
  ])('%j is refused and nothing is made', async (body, words) => {
    const before = (await call(admin, 'GET', '/permits')).body
    const { status, body: answer } = await call(admin, 'POST', '/permits', body)
    expect(status).toBe(400)
    expect(answer.message).toContain(words)
    expect((await call(admin, 'GET', '/permits')).body).toEqual(before)
  })
})

describe('a client over HTTP', () => {
  test.each<[unknown, string]>([
    [{}, 'name'],
    [{ name: {} }, 'name'],
    [{ name: 'a\u001b[2J' }, 'name'],
    [{ name: 'x', scopes: 'read:flows_vault_connections' }, 'scopes'],
    [{ name: 'x', scopes: [] }, 'scopes'],
    [{ name: 'x', scopes: ['read:everything'] }, 'scopes'],
    [{ name: 'x', scopes: [['read:flows_vault_connections']] }, 'scopes'],
    [{ name: 'x', tenant: 'evil' }, 'tenant'],
  ])('is refused, naming the field, and not made: %j', async (body, field) => {
    const before = (await call(admin, 'GET', '/clients')).body
    const { status, body: answer } = await call(admin, 'POST', '/clients', body)
    expect([status, answer.errorCode]).toEqual([400, 'invalid_body'])
    expect(answer.message).toContain(field)
    expect((await call(admin, 'GET', '/clients')).body).toEqual(before)
  })

  test('has the scopes that were asked for and no others, and is the tenant’s own', async () => {
    const scopes = ['read:flows_vault_events']
    const made = await call(admin, 'POST', '/clients', { name: 'reader', scopes })
    expect(made).toMatchObject({ status: 201, body: { name: 'reader', scopes } })
    const foreign = await fetchToken(vault.url, vault.client({ tenant: 'other' }))
    const path = `/clients/${made.body.client_id}`
    expect(
      (await call(foreign, 'GET', '/clients')).body.map((one: { name: string }) => one.name),
    ).not.toContain('reader')
    expect((await call(foreign, 'DELETE', path)).status).toBe(404)
    expect((await call(admin, 'DELETE', path)).status).toBe(204)
    expect((await call(admin, 'DELETE', path)).status).toBe(404)
  })

  test('is not made by who lacks a scope, with text that is no JSON, or by a form', async () => {
    const scopes = ['create:flows_vault_connections', 'create:flows_vault_permits']
    const some = await fetchToken(vault.url, vault.client({ tenant: 'acme', scopes }))
    expect((await call(some, 'POST', '/clients', { name: 'x' })).status).toBe(403)
    const send = async (contentType: string, body: string) =>
      (
        await fetch(`${vault.url}${BASE}/clients`, {
          method: 'POST',
          headers: { authorization: `Bearer ${admin}`, 'content-type': contentType },
          body,
        })
      ).status
    expect(await send('application/x-www-form-urlencoded', 'name=x')).toBe(415)
    expect(await send('application/json', '{"name":"x","name":"y"}')).toBe(400)
    expect(await send('application/json', '{')).toBe(400)
  })
})
