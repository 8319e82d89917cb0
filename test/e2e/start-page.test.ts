import { CookieJar } from '../support/cookie-jar.ts'
import { CONNECTIONS, type GrantCalls } from '../support/grant-calls.ts'
import { startVaultWithProvider, type VaultWithProvider } from '../support/vault-with-provider.ts'

const FORM = 'application/x-www-form-urlencoded'

describe('a link to authorize', () => {
  let world: VaultWithProvider
  beforeAll(async () => {
    world = await startVaultWithProvider()
  })
  afterAll(() => world.close())

  const codesSent = () =>
    world.provider.tokenRequests.filter(({ grantType }) => grantType === 'authorization_code').length

  async function started(setup = {}): Promise<{ id: string; link: URL; authorizationId: string }> {
    const body = { name: 'Orders <b>', app_id: 'OAUTH2', setup: world.codeSetup(setup) }
    const { id } = (await world.create(body)).body
    const answer = (await world.call('POST', `${CONNECTIONS}/${id}/authorize`, {})).body
    return { id, link: new URL(answer.authorization_url), authorizationId: answer.authorization_id }
  }
  const outcome = async (id: string) =>
    (await world.call('GET', `/api/v2/flows/vault/authorizations/${id}`)).body.outcome

  function visit(url: URL | string, jar: CookieJar, headers: Record<string, string> = {}, method = 'GET') {
    return fetch(url, { method, redirect: 'manual', headers: { cookie: jar.cookies(), ...headers } })
  }
  function press(link: URL, jar: CookieJar, headers: Record<string, string> = { origin: link.origin }) {
    const body = new URLSearchParams({ ticket: link.searchParams.get('ticket')! }).toString()
    return fetch(`${link.origin}${link.pathname}`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie: jar.cookies(), 'content-type': FORM, ...headers },
      body,
    })
  }

  it('names the tenant, the connection and the host, and asks to go on', async () => {
    const { link } = await started()
    const answer = await fetch(link)
    const text = await answer.text()
    expect(answer.status).toBe(200)
    expect(text).toContain('<b>acme</b>')
    expect(text).toContain('<b>Orders &lt;b&gt;</b>')
    expect(text).toContain(`<b>${world.provider.host}</b>`)
    expect(text).toContain('read, write')
    expect(text).not.toContain('another site')
    expect(text).not.toContain('<script')
    expect(answer.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self' https:; base-uri 'none'; frame-ancestors 'none'$/,
    )
    expect(answer.headers.get('referrer-policy')).toBe('same-origin')
  })

  it('says so when the code would go to another site', async () => {
    const { link } = await started({ token_url: 'https://tokens.example.com/token' })
    expect(await (await fetch(link)).text()).toMatch(
      /handed to <b>tokens.example.com<\/b>, which is another site/,
    )
  })

  it('changes nothing when it is looked at, fetched ahead, or asked for its head', async () => {
    const { link, authorizationId } = await started()
    const ours = { 'sec-fetch-site': 'same-origin' }
    for (const [headers, method] of [
      [{}, 'GET'],
      [{}, 'HEAD'],
      [ours, 'HEAD'],
      [{ ...ours, 'sec-purpose': 'prefetch;prerender' }, 'GET'],
      [{ ...ours, purpose: 'prefetch' }, 'GET'],
    ] as const) {
      expect((await visit(link, new CookieJar(), headers, method)).status).toBe(200)
    }
    expect(await outcome(authorizationId)).toBe('waiting')
    // Whoever looked has not taken it from the person who goes on.
    expect((await press(link, new CookieJar())).status).toBe(303)
  })

  it('goes on at once from a page of the vault, and keeps to the browser all the same', async () => {
    const { link } = await started()
    const jar = new CookieJar()
    const answer = await visit(link, jar, { 'sec-fetch-site': 'same-origin' })
    expect(answer.status).toBe(303)
    expect(new URL(answer.headers.get('location')!).origin).toBe(world.provider.issuer)
    expect((await visit(link, new CookieJar())).status).toBe(400)
  })

  it.each([
    ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example.test' }],
    ['another host of our site', { 'sec-fetch-site': 'same-site' }],
    ['another origin, in a browser without Fetch Metadata', { origin: 'https://evil.example.test' }],
    ['a page that hides its origin', { origin: 'null' }],
    ['nowhere', {}],
  ])('does not go on for a form of %s', async (_whose, headers) => {
    const { link } = await started()
    const answer = await press(link, new CookieJar(), headers as Record<string, string>)
    expect(answer.status).toBe(400)
    expect(answer.headers.get('location')).toBeNull()
    expect(answer.headers.getSetCookie()).toEqual([])
  })

  it('gives the browser a cookie that scripts and other sites do not get', async () => {
    const { link } = await started()
    const [cookie] = (await press(link, new CookieJar())).headers.getSetCookie()
    const { port } = new URL(world.vault.url)
    expect(cookie).toMatch(
      new RegExp(`^fv-${port}=[0-9A-Za-z]{43}; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax$`),
    )
  })

  it('is finished by the browser that went on, and by no other', async () => {
    const { id, link, authorizationId } = await started()
    const callback = await world.provider.consent(await world.pressContinue(link.href), {
      account: 'mallory',
    })
    const sent = codesSent()
    for (const jar of [new CookieJar(), await otherBrowser()]) {
      const answer = await visit(callback, jar)
      expect(answer.status).toBe(400)
      expect(await answer.text()).toContain('started elsewhere')
    }
    expect(codesSent()).toBe(sent)
    expect(await outcome(authorizationId)).toBe('waiting')
    expect((await world.open(callback)).status).toBe(200)
    expect(await outcome(authorizationId)).toBe('granted')
    expect((await world.view(id)).status).toBe('ready')
  })

  async function otherBrowser(): Promise<CookieJar> {
    const jar = new CookieJar()
    jar.take((await visit((await started()).link, jar)).headers)
    expect(jar.cookies()).not.toBe('')
    return jar
  }

  it('works in two tabs of one browser, each with a link of its own', async () => {
    const [one, two] = [await started(), await started()]
    const callbacks = [
      await world.provider.consent(await world.pressContinue(one.link.href)),
      await world.provider.consent(await world.pressContinue(two.link.href)),
    ]
    for (const callback of callbacks) expect((await world.open(callback)).status).toBe(200)
  })

  it('may be gone on with again by the same browser, until it has ended', async () => {
    const { link } = await started()
    const first = new URL(await world.pressContinue(link.href))
    const again = new URL(await world.pressContinue(link.href))
    expect(again.href).toBe(first.href)
    await world.open(await world.provider.consent(again.href))
    const answer = await press(link, new CookieJar())
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('This link was used already.')
  })

  it('takes the answer at the address of its own connection only', async () => {
    const [mine, other] = [await started(), await started()]
    const callback = await world.provider.consent(await world.pressContinue(mine.link.href))
    const sent = codesSent()
    for (const path of [`/oauth/return/${other.id}`, '/oauth/return/x', `/oauth/return/${mine.id}x`]) {
      const elsewhere = new URL(callback)
      elsewhere.pathname = path
      expect((await world.open(elsewhere)).status).toBe(400)
    }
    expect(codesSent()).toBe(sent)
    expect((await fetch(`${world.vault.url}/oauth/callback${callback.search}`)).status).toBe(404)
    expect((await world.open(callback)).status).toBe(200)
  })

  it('loses nothing to a HEAD or a prefetch of the callback', async () => {
    const { link } = await started()
    const callback = await world.provider.consent(await world.pressContinue(link.href))
    const sent = codesSent()
    await world.open(callback, { method: 'HEAD' })
    await world.open(callback, { headers: { 'sec-purpose': 'prefetch' } })
    expect(codesSent()).toBe(sent)
    expect((await world.open(callback)).status).toBe(200)
  })

  it('takes an answer that came by a form, by way of a GET', async () => {
    const { link } = await started()
    const callback = await world.provider.consent(await world.pressContinue(link.href))
    const posted = await fetch(`${callback.origin}${callback.pathname}`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': FORM },
      body: `${callback.search.slice(1)}&more=1`,
    })
    expect(posted.status).toBe(303)
    const got = new URL(posted.headers.get('location')!)
    expect(`${got.origin}${got.pathname}`).toBe(`${callback.origin}${callback.pathname}`)
    expect(Object.fromEntries(got.searchParams)).toMatchObject(Object.fromEntries(callback.searchParams))
    expect((await world.open(got)).status).toBe(200)
  })

  it('tells the vault page how it ended, by a script that the policy names', async () => {
    const { id, link, authorizationId } = await started()
    const callback = await world.provider.consent(await world.pressContinue(link.href))
    const { text, headers } = await world.open(callback)
    const told = JSON.parse(/data-told="([^"]*)"/.exec(text)![1]!.replaceAll('&quot;', '"'))
    expect(told).toEqual({
      type: 'authorization',
      connection_id: id,
      authorization_id: authorizationId,
      outcome: 'granted',
    })
    const [script] = /(?<=<script>).*(?=<\/script>)/.exec(text)!
    const digest = await crypto.subtle.digest('SHA-256', Buffer.from(script))
    const hash = Buffer.from(digest).toString('base64')
    expect(headers.get('content-security-policy')).toContain(`script-src 'sha256-${hash}';`)
  })

  it('is an authorization of its tenant alone', async () => {
    const { authorizationId } = await started()
    const path = `/api/v2/flows/vault/authorizations/${authorizationId}`
    const theirs = await world.call('GET', path, undefined, { tenant: 'other' })
    const unknown = await world.call('GET', path.slice(0, -1), undefined, { tenant: 'other' })
    expect([theirs.status, theirs.body]).toEqual([404, unknown.body])
  })

  it.each<[string, Parameters<GrantCalls['consent']>[1], string]>([
    ['declined', { consent: { deny: true } }, 'denied'],
    ['granted in part', { consent: { scopes: ['read'] } }, 'fewer_scopes'],
  ])('that was %s ends with the outcome %s', async (_how, asked, expected) => {
    const { id } = await started()
    const answer = (await world.call('POST', `${CONNECTIONS}/${id}/authorize`, {})).body
    const url = await world.pressContinue(answer.authorization_url)
    await world.open(await world.provider.consent(url, asked?.consent))
    expect(await outcome(answer.authorization_id)).toBe(expected)
  })

  it('waits for nobody once its connection is gone', async () => {
    const { id, authorizationId } = await started()
    expect(await outcome(authorizationId)).toBe('waiting')
    await world.call('DELETE', `${CONNECTIONS}/${id}`)
    const told = (await world.call('GET', `/api/v2/flows/vault/authorizations/${authorizationId}`)).body
    expect(told).toMatchObject({
      outcome: 'failed',
      message: 'The connection is gone.',
      error_code: 'not_found',
    })
  })

  it('ends after ten minutes, and says so everywhere', async () => {
    const { link, authorizationId } = await started()
    world.clock.moveOn(10 * 60_000)
    expect(await outcome(authorizationId)).toBe('expired')
    expect(await (await fetch(link)).text()).toContain('The link ended after ten minutes.')
    expect((await press(link, new CookieJar())).status).toBe(400)
  })
})

describe('a link to authorize, for browsers that nobody looks at', () => {
  let world: VaultWithProvider
  beforeAll(async () => {
    world = await startVaultWithProvider({ env: { FLOW_VAULT_HEADLESS_AUTHORIZATION: 'true' } })
  })
  afterAll(() => world.close())

  it('goes on at once, and is finished with the same cookies only', async () => {
    const body = { name: 'Orders', app_id: 'OAUTH2', setup: world.codeSetup() }
    const { id } = (await world.create(body)).body
    const link = (await world.call('POST', `${CONNECTIONS}/${id}/authorize`, {})).body.authorization_url
    const jar = new CookieJar()
    const answer = await fetch(link, { redirect: 'manual' })
    jar.take(answer.headers)
    const callback = await world.provider.consent(answer.headers.get('location')!)
    expect((await fetch(callback)).status).toBe(400)
    expect((await fetch(callback, { headers: { cookie: jar.cookies() } })).status).toBe(200)
  })
})
