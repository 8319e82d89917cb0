import { decodeJwt } from 'jose'
import { sendRaw } from '../../../support/raw-http.ts'
import { type RunningVault, startRunningVault } from '../../../support/running-vault.ts'

const PUBLIC = 'https://vault.example.com'

let vault: RunningVault

beforeAll(async () => {
  vault = await startRunningVault({
    env: {
      FLOW_VAULT_PUBLIC_URL: PUBLIC,
      FLOW_VAULT_KEEP_ALIVE: '601',
      FLOW_VAULT_CORS_ORIGINS: 'https://app.example.com',
    },
  })
})

afterAll(() => vault.stop())

function ask(audience: string | undefined): Promise<Response> {
  const { clientId, clientSecret } = vault.client({ tenant: 'acme' })
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
    ...(audience === undefined ? {} : { audience }),
  })
  return fetch(`${vault.url}/oauth/token`, { method: 'POST', body: form })
}

describe('a vault that knows its public URL, behind a proxy that rewrites Host', () => {
  it.each([
    ['none', undefined],
    ['the public one', `${PUBLIC}/api/v2/`],
    ['without its last slash', `${PUBLIC}/api/v2`],
    ['with the default port', 'https://vault.example.com:443/api/v2/'],
    ['in capitals', 'https://VAULT.example.com/api/v2/'],
  ])('gives tokens in its own name for the audience %s, and takes them', async (_, audience) => {
    const { access_token: token } = (await (await ask(audience)).json()) as { access_token: string }
    expect(decodeJwt(token)).toMatchObject({ iss: `${PUBLIC}/`, aud: [`${PUBLIC}/api/v2/`] })
    const listed = await fetch(`${vault.url}/api/v2/flows/vault/connections`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(listed.status).toBe(200)
  })

  it.each([
    'https://evil.example/api/v2/',
    'https://vault.example.com/api/v3/',
    'http://vault.example.com/api/v2/',
  ])('gives none for %s', async (audience) => expect((await ask(audience)).status).toBe(403))

  it('names the public URL in discovery and in the OpenAPI document, whatever Host and forwarding headers say', async () => {
    const headers = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http' }
    const json = async (at: string) => (await fetch(`${vault.url}${at}`, { headers })).json()
    expect(await json('/.well-known/openid-configuration')).toMatchObject({
      issuer: `${PUBLIC}/`,
      token_endpoint: `${PUBLIC}/oauth/token`,
      jwks_uri: `${PUBLIC}/.well-known/jwks.json`,
    })
    expect(await json('/openapi.json')).toMatchObject({ servers: [{ url: PUBLIC }] })
    const { host } = new URL(PUBLIC)
    expect(await json('/asyncapi.json')).toMatchObject({ servers: { vault: { host, protocol: 'https' } } })
  })

  it('tells browsers to keep to https, on every answer, refusals of the server too', async () => {
    const hsts = 'max-age=31536000'
    expect((await fetch(`${vault.url}/healthz`)).headers.get('strict-transport-security')).toBe(hsts)
    expect((await fetch(`${vault.url}/docs`)).headers.get('strict-transport-security')).toBe(hsts)
    const refused = await sendRaw(vault.url, 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n')
    expect(refused).toMatchObject({ status: 400, headers: { 'strict-transport-security': hsts } })
  })

  it.each<[string, string | undefined, number]>([
    ['its own page', PUBLIC, 200],
    ['a client that names no origin', undefined, 200],
    ['another site', 'https://evil.example', 403],
    ['the public name over plain http', 'http://vault.example.com', 403],
    ['another port of that name', 'https://vault.example.com:8443', 403],
    ['a page without an origin', 'null', 403],
  ])('signs a person in from %s, and keeps the cookie to https', async (_, origin, status) => {
    const client = vault.client({ tenant: 'acme' })
    const link = vault.server.vault.signInLink({ clientId: client.clientId, person: 'ada' })!
    expect(link.startsWith(`${PUBLIC}/vault#ticket=`)).toBe(true)
    const from = origin === undefined ? {} : { origin }
    const send = (at: string, body: object, headers: Record<string, string> = {}) =>
      fetch(`${vault.url}/vault/session${at}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...from, ...headers },
        body: JSON.stringify(body),
      })
    const begun = await send('', { ticket: link.split('ticket=')[1] })
    expect(begun.status).toBe(status)
    if (status !== 200 || origin === undefined) return
    const [cookie = '', ...attributes] = begun.headers.get('set-cookie')!.split('; ')
    expect([cookie.startsWith('__Secure-'), attributes.includes('Secure')]).toEqual([true, true])
    expect((await send('/renew', {}, { cookie })).status).toBe(200)
  })

  it('keeps idle connections as long as it is set to', async () => {
    expect((await fetch(`${vault.url}/healthz`)).headers.get('keep-alive')).toBe('timeout=601')
  })
})

describe('a vault that a proxy reaches by https and below a path of its own', () => {
  const BELOW = 'https://localhost:8443/base'
  const CONNECTIONS = '/api/v2/flows/vault/connections'
  let local: RunningVault
  beforeAll(async () => {
    local = await startRunningVault({ env: { FLOW_VAULT_PUBLIC_URL: BELOW } })
  })
  afterAll(() => local.stop())

  /** What the proxy passes on: the path without its own beginning. */
  const passedOn = (url: string) => `${local.url}${url.slice(BELOW.length)}`

  it('never binds the name localhost to https', async () => {
    expect((await fetch(`${local.url}/healthz`)).headers.get('strict-transport-security')).toBeNull()
  })

  it('has every address of an authorization begin there, and binds it to a cookie of that host alone', async () => {
    const setup = {
      type: 'AUTHORIZATION_CODE',
      client_id: 'client',
      authorization_url: 'https://login.example.com/authorize',
      token_url: 'https://login.example.com/token',
      token_endpoint_auth_method: 'none',
    }
    const acme = { tenant: 'acme' }
    const created = await local.request(acme, 'POST', CONNECTIONS, { name: 'x', app_id: 'OAUTH2', setup })
    const { id } = (await created.json()) as { id: string }
    const started = await local.request(acme, 'POST', `${CONNECTIONS}/${id}/authorize`, {})
    const { authorization_url: link } = (await started.json()) as { authorization_url: string }
    expect(link.startsWith(`${BELOW}/oauth/start?ticket=`)).toBe(true)
    const page = await fetch(passedOn(link))
    expect(await page.text()).toContain(`action="${BELOW}/oauth/start"`)
    const pressed = await fetch(`${local.url}/oauth/start`, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: 'https://localhost:8443' },
      body: new URLSearchParams({ ticket: new URL(link).searchParams.get('ticket')! }),
    })
    const cookie = pressed.headers.get('set-cookie')!
    expect(cookie).toMatch(
      /^__Host-fv=[0-9A-Za-z]{43}; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure$/,
    )
    const { searchParams } = new URL(pressed.headers.get('location')!)
    expect(searchParams.get('redirect_uri')).toBe(`${BELOW}/oauth/return/${id}`)
    const back = `${BELOW}/oauth/return/${id}?error=access_denied&state=${searchParams.get('state')}`
    expect(await (await fetch(passedOn(back))).text()).toContain('started elsewhere')
    const returned = await fetch(passedOn(back), { headers: { cookie: cookie.split(';')[0]! } })
    expect(await returned.text()).toContain('The authorization was declined')
  })

  it('says so of itself, and leads by addresses that hold there', async () => {
    const json = async (at: string) => (await fetch(`${local.url}${at}`)).json()
    expect(await json('/openapi.json')).toMatchObject({ servers: [{ url: BELOW }] })
    const { host, pathname } = new URL(BELOW)
    expect(await json('/asyncapi.json')).toMatchObject({ servers: { vault: { host, pathname } } })
    expect(await json('/.well-known/openid-configuration')).toMatchObject({
      issuer: `${BELOW}/`,
      token_endpoint: `${BELOW}/oauth/token`,
    })
    const docs = await (await fetch(`${local.url}/docs`)).text()
    const named = [...docs.matchAll(/(?:href|src)="([^"]+)"/g)].map(
      ([, at]) => new URL(at!, `${BELOW}/docs`).href,
    )
    expect(named.length).toBeGreaterThan(0)
    for (const at of named) expect((await fetch(passedOn(at))).status).toBe(200)
    const script = await (await fetch(`${local.url}/docs/start.js`)).text()
    expect(script).toContain("url: 'openapi.json'")
    const front = await fetch(`${local.url}/`, { redirect: 'manual', headers: { accept: 'text/html' } })
    expect(new URL(front.headers.get('location')!, `${BELOW}/`).href).toBe(`${BELOW}/vault`)
  })
})

describe('the metrics of a vault on loopback', () => {
  let local: RunningVault
  beforeAll(async () => {
    local = await startRunningVault()
  })
  afterAll(() => local.stop())

  const scrape = (headers: string) =>
    sendRaw(local.url, `GET /metrics HTTP/1.1\r\nConnection: close\r\n${headers}\r\n\r\n`)

  it.each(['Host: localhost:8787', 'Host: 127.0.0.1', 'Host: [::1]:80'])('are open to %s', async (host) => {
    expect((await scrape(host)).status).toBe(200)
  })

  it.each([
    ['a name that somebody has lead to this machine', 'Host: attacker.example'],
    ['a request that was passed on', 'Host: localhost\r\nX-Forwarded-For: 203.0.113.9'],
    ['a request that was passed on by its standard', 'Host: localhost\r\nForwarded: for=203.0.113.9'],
  ])('ask for a token by %s', async (_, headers) => {
    expect((await scrape(headers)).status).toBe(401)
  })
})

describe('a vault with origins of pages', () => {
  const ask = (method: string, at: string, origin: string) =>
    fetch(`${vault.url}${at}`, {
      method,
      headers: { origin, 'access-control-request-method': 'GET', authorization: 'Bearer x' },
    })

  it.each(['/api/v2/flows/vault/connections', '/openapi.json'])('lets them call %s', async (at) => {
    const preflight = await ask('OPTIONS', at, 'https://app.example.com')
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization')
    const read = await ask('GET', at, 'https://app.example.com')
    expect(read.headers.get('access-control-allow-origin')).toBe('https://app.example.com')
    expect(read.headers.get('vary')).toMatch(/origin$/)
  })

  it.each(['/api/v2/flows/vault/connections', '/openapi.json', '/oauth/start', '/oauth/token'])(
    'tells others nothing at %s',
    async (at) => {
      for (const method of ['OPTIONS', 'GET']) {
        const answer = await ask(method, at, 'https://evil.example.com')
        expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
      }
    },
  )
})
