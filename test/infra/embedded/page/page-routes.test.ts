import { type RunningVault, startRunningVault } from '../../../support/running-vault.ts'
import { fetchToken } from '../../../support/vault-token.ts'

describe('pageRoutes', () => {
  let vault: RunningVault

  beforeAll(async () => {
    vault = await startRunningVault()
  })

  afterAll(() => vault.stop())

  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${vault.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
  const ticket = async (): Promise<string> => {
    const token = await vault.token({ tenant: 'acme' })
    const answer = await post('/vault/tickets', { person: 'ada' }, { authorization: `Bearer ${token}` })
    const { url } = (await answer.json()) as { url: string }
    expect(url.startsWith(`${vault.url}/vault#ticket=`)).toBe(true)
    return url.split('ticket=')[1]!
  }

  test('lead a browser from the root to the page, and answer a program as before', async () => {
    const browser = await fetch(`${vault.url}/`, { headers: { accept: 'text/html' }, redirect: 'manual' })
    expect([browser.status, browser.headers.get('location')]).toEqual([302, 'vault'])
    expect((await fetch(`${vault.url}/`, { headers: { accept: 'application/json' } })).status).toBe(404)
  })

  test('serve the page under a policy, and its files for good', async () => {
    const page = await fetch(`${vault.url}/vault/health`)
    expect(page.headers.get('content-security-policy')).toContain("require-trusted-types-for 'script'")
    expect(page.headers.get('cache-control')).toBe('no-cache')
    const [, script] = /src="(\/vault\/assets\/vault-page-[^"]+)"/.exec(await page.text())!
    const file = await fetch(`${vault.url}${script}`)
    expect(file.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect((await fetch(`${vault.url}/vault/assets/none.js`)).status).toBe(404)
    expect((await fetch(`${vault.url}/vault/nowhere`)).status).toBe(404)
  })

  test('keep the page under 60 KB and what an editor loads under 15 KB, compressed', async () => {
    expect(await staticBytes('/vault/health')).toBeLessThan(60_000)
    expect(await staticBytes('/vault/picker.js')).toBeLessThan(15_000)
  })

  test('take a ticket once, and give a token and a cookie that no script can read', async () => {
    const once = await ticket()
    const answer = await post('/vault/session', { ticket: once })
    expect(answer.status).toBe(200)
    const cookie = answer.headers.get('set-cookie')!
    expect(cookie).toMatch(/; Path=\/vault\/session; .*HttpOnly; SameSite=Strict/)
    const { access_token: token } = (await answer.json()) as { access_token: string }
    const session = await fetch(`${vault.url}/api/v2/flows/vault/session`, {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(await session.json()).toMatchObject({
      tenant: 'acme',
      environment: 'local',
      person: { name: 'ada' },
    })
    expect((await post('/vault/session', { ticket: once })).status).toBe(401)
  })

  test('renew by the cookie until it was signed out of, and from no other site', async () => {
    const begun = await post('/vault/session', { ticket: await ticket() })
    const cookie = begun.headers.get('set-cookie')!.split(';')[0]!
    expect((await post('/vault/session/renew', {}, { cookie })).status).toBe(200)
    const foreign = { cookie, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    expect((await post('/vault/session/renew', {}, foreign)).status).toBe(403)
    expect((await post('/vault/session/end', {}, { cookie })).status).toBe(204)
    expect((await post('/vault/session/renew', {}, { cookie })).status).toBe(401)
    // The cookie's own token opens nothing else.
    const [, value] = cookie.split('=')
    const api = await fetch(`${vault.url}/api/v2/flows/vault/session`, {
      headers: { authorization: `Bearer ${value}` },
    })
    expect(api.status).toBe(401)
  })

  test('give no ticket to whoever has no token', async () => {
    expect((await post('/vault/tickets', { person: 'ada' })).status).toBe(401)
    const token = await vault.token({ tenant: 'acme' })
    const authorization = `Bearer ${token}`
    expect((await post('/vault/tickets', { person: '\u001b[2J' }, { authorization })).status).toBe(400)
  })

  const signedIn = async (scope?: string) => {
    const client = vault.client({ tenant: 'acme' })
    const authorization = `Bearer ${await fetchToken(vault.url, client, scope)}`
    const { url } = (await (await post('/vault/tickets', { person: 'ada' }, { authorization })).json()) as {
      url: string
    }
    const begun = await post('/vault/session', { ticket: url.split('ticket=')[1] })
    const { access_token } = (await begun.json()) as { access_token: string }
    return { access_token, cookie: begun.headers.get('set-cookie')!.split(';')[0]! }
  }
  const scopeOf = (token: string) =>
    JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()).scope as string

  test('give a person no more than the token had that asked, renewed too', async () => {
    const scope = 'read:flows_vault_connections read:flows_vault_events'
    const { access_token, cookie } = await signedIn(scope)
    expect(scopeOf(access_token)).toBe(scope)
    for (const stay of [false, true]) {
      const renewed = await post('/vault/session/renew', { stay }, { cookie })
      expect(scopeOf(((await renewed.json()) as { access_token: string }).access_token)).toBe(scope)
    }
  })

  test('give no ticket to a person’s token, which would sign in for good', async () => {
    const { access_token } = await signedIn()
    const authorization = `Bearer ${access_token}`
    expect((await post('/vault/tickets', { person: 'eve' }, { authorization })).status).toBe(403)
  })

  test('keep what one client waits for, whatever another asks for', async () => {
    const waiting = await ticket()
    const authorization = `Bearer ${await vault.token({ tenant: 'evil' })}`
    const flood = Array.from({ length: 110 }, () =>
      post('/vault/tickets', { person: 'eve' }, { authorization }),
    )
    await Promise.all(flood)
    expect((await post('/vault/session', { ticket: waiting })).status).toBe(200)
  })

  test('stay signed out, whatever else is signed out of', async () => {
    const { cookie } = await signedIn()
    await post('/vault/session/end', {}, { cookie })
    const [name] = cookie.split('=')
    const ends = Array.from({ length: 1100 }, (_, at) => ({ cookie: `${name}=none${at}` }))
    for (let at = 0; at < ends.length; at += 100)
      await Promise.all(ends.slice(at, at + 100).map((headers) => post('/vault/session/end', {}, headers)))
    expect((await post('/vault/session/renew', {}, { cookie })).status).toBe(401)
  })

  /** The bytes of a file and of everything that it loads before it does anything. */
  async function staticBytes(start: string): Promise<number> {
    const seen = new Set<string>()
    const load = async (file: string): Promise<number> => {
      if (seen.has(file)) return 0
      seen.add(file)
      const answer = await fetch(`${vault.url}${file}`)
      const text = await answer.text()
      const found = [
        ...text.matchAll(/(?:from|import)\s*"(\.[^"]+)"|from '(\.[^']+)'|(?:src|href)="([^"]+)"/g),
      ]
      const targets = file.endsWith('.js') || file === start ? found.map(([, a, b, c]) => a ?? b ?? c!) : []
      const { gzipSync } = await import('node:zlib')
      let bytes = gzipSync(text, { level: 9 }).length
      for (const target of targets.filter((each) => /\.(?:js|css)$/.test(each))) {
        bytes += await load(new URL(target, `${vault.url}${file}`).pathname)
      }
      return bytes
    }
    return load(start)
  }
})
