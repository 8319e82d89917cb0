import { CONNECTIONS } from '../support/grant-calls.ts'
import { startVaultWithProvider, type VaultWithProvider } from '../support/vault-with-provider.ts'

const TEN_MINUTES_MS = 10 * 60_000

describe('authorizing a connection in a browser', () => {
  let world: VaultWithProvider
  beforeAll(async () => {
    world = await startVaultWithProvider({ env: { FLOW_VAULT_RETURN_TO: 'https://console.example.test' } })
  })
  afterAll(() => world.close())
  afterEach(() => world.provider.setFault(undefined))

  const waiting = async (setup = {}): Promise<string> => {
    const body = { name: 'Orders <b>', app_id: 'OAUTH2', setup: world.codeSetup(setup) }
    return (await world.create(body)).body.id
  }
  const codesSent = () =>
    world.provider.tokenRequests.filter(({ grantType }) => grantType === 'authorization_code').length

  it('sends the browser to the provider with a state, PKCE S256 and nothing secret', async () => {
    const id = await waiting()
    const started = await world.call('POST', `${CONNECTIONS}/${id}/authorize`, {})
    const link = new URL(started.body.authorization_url)
    expect(`${link.origin}${link.pathname}`).toBe(`${world.vault.url}/oauth/start`)
    const url = new URL(await world.pressContinue(link.href))
    const query = Object.fromEntries(url.searchParams)
    expect(`${url.origin}${url.pathname}`).toBe(world.provider.authorizationUrl)
    expect(query).toMatchObject({
      response_type: 'code',
      client_id: world.provider.clients.webBasic.id,
      redirect_uri: `${world.vault.url}/oauth/return/${id}`,
      scope: 'read write',
      code_challenge_method: 'S256',
    })
    expect(started.body.callback_url).toBe(query['redirect_uri'])
    expect(query['state']).toMatch(/^[0-9a-f]{64}$/)
    expect(query['code_challenge']).toMatch(/^[0-9A-Za-z_-]{43}$/)
    expect(url.href).not.toContain(world.provider.clients.webBasic.secret)
    expect(Date.parse(started.body.expires_at) - world.clock.nowMs()).toBeLessThanOrEqual(TEN_MINUTES_MS)
  })

  it('asks for the scopes that the request names', async () => {
    const id = await waiting()
    await world.open(await world.consent(id, { body: { scopes: ['read', 'admin'] } }))
    expect((await world.view(id)).scopes).toEqual({
      required: ['read', 'admin'],
      granted: ['read', 'admin'],
      missing: [],
    })
  })

  it('goes on with what was authorized when more scopes are required, and says which are missing', async () => {
    const id = await world.authorized()
    const setup = world.codeSetup({ scope: 'read write admin' })
    const { status } = await world.call('PATCH', `${CONNECTIONS}/${id}`, { setup })
    expect(status).toBe(200)
    expect(await world.view(id)).toMatchObject({ status: 'degraded', scopes: { missing: ['admin'] } })
    expect((await world.view(id)).status_reason).toContain('Missing: admin. Authorize again and grant them.')
    expect((await world.fetchCredential(id)).status).toBe(200)
    await world.open(await world.consent(id))
    expect(await world.view(id)).toMatchObject({
      id,
      status: 'ready',
      scopes: { required: ['read', 'write', 'admin'], missing: [] },
    })
  })

  it('refuses a state after ten minutes', async () => {
    const id = await waiting()
    const callback = await world.consent(id)
    world.clock.moveOn(TEN_MINUTES_MS + 1)
    const sent = codesSent()
    expect((await world.open(callback)).text).toContain('The link ended after ten minutes.')
    expect(codesSent()).toBe(sent)
    expect((await world.view(id)).status).toBe('pending')
  })

  it.each([
    ['made up', '?state=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&code=x'],
    ['missing', '?code=x'],
    ['empty', '?state=&code=x'],
    ['sent twice', '?state=a&state=b&code=x'],
  ])('refuses a state that is %s', async (_how, query) => {
    const sent = codesSent()
    const answer = await world.open(new URL(`${world.vault.url}/oauth/return/ac_0${query}`))
    expect(answer.status).toBe(400)
    expect(answer.text).toContain('<h1>Not connected</h1>')
    expect(codesSent()).toBe(sent)
  })

  it.each([undefined, ''])('refuses an answer with the code %p, and ends with it', async (code) => {
    const id = await waiting()
    const callback = await world.consent(id)
    const bare = new URL(callback)
    if (code === undefined) bare.searchParams.delete('code')
    else bare.searchParams.set('code', code)
    const sent = codesSent()
    expect((await world.open(bare)).text).toContain('did not authorize the connection')
    expect(codesSent()).toBe(sent)
    expect((await world.open(callback)).status).toBe(400)
  })

  it('is unknown to another tenant', async () => {
    const id = await waiting()
    for (const [method, action] of [
      ['POST', '/authorize'],
      ['POST', '/rotate'],
      ['POST', '/verify'],
      ['GET', '/credentials'],
    ] as const) {
      const body = action === '/authorize' ? {} : undefined
      const answer = await world.call(method, `${CONNECTIONS}/${id}${action}`, body, { tenant: 'other' })
      expect(answer.status).toBe(404)
    }
  })

  it('keeps working with the old grant when a new authorization fails', async () => {
    const id = await world.authorized()
    const before = (await world.fetchCredential(id)).body
    const callback = await world.consent(id)
    world.provider.setFault('status-500')
    const answer = await world.open(callback)
    expect(answer.status).toBe(400)
    expect(answer.text).toContain('Authorize the connection again.')
    world.provider.setFault(undefined)
    expect((await world.fetchCredential(id)).body.fields).toEqual(before.fields)
    expect(await world.view(id)).toMatchObject({ status: 'ready', failure: null })
  })

  it.each([
    ['/done', '/done?'],
    ['/done?tab=1', '/done?tab=1&'],
    ['/done#tab', '/done?', '#tab'],
    ['https://console.example.test', 'https://console.example.test?'],
    ['https://console.example.test/vault#tab', 'https://console.example.test/vault?', '#tab'],
  ])('sends the browser back to %s', async (returnTo, start, end = '') => {
    const id = await waiting()
    const answer = await world.open(await world.consent(id, { body: { return_to: returnTo } }))
    expect(answer.status).toBe(303)
    const [, authorizationId] = /authorization_id=(au_[0-9a-f]{27})&/.exec(answer.location ?? '') ?? []
    const outcome = `connection_id=${id}&authorization_id=${authorizationId}&outcome=granted`
    expect(answer.location).toBe(`${start}${outcome}${end}`)
  })

  it('sends the browser back with the outcome when it was declined', async () => {
    const id = await waiting()
    const callback = await world.consent(id, { body: { return_to: '/done' }, consent: { deny: true } })
    const location = (await world.open(callback)).location ?? ''
    expect(location).toMatch(
      new RegExp(`^/done\\?connection_id=${id}&authorization_id=[^&]+&outcome=denied&reason=`),
    )
    const { searchParams } = new URL(location, world.vault.url)
    expect(searchParams.get('reason')).toBe(
      'The authorization was declined. Authorize again to connect after all.',
    )
  })

  it.each([
    ['constructor', ' (constructor)'],
    ['tenant_locked', ' (tenant_locked)'],
    ['__proto__', ''],
    ['call now!', ''],
    ['<script>alert(1)</script>', ''],
    ['', ''],
  ])('says of an error that nobody knows its code alone, where that is a word: %j', async (error, code) => {
    const callback = await world.consent(await waiting())
    callback.searchParams.delete('code')
    callback.searchParams.set('error', error)
    callback.searchParams.set('error_description', '<img src=x onerror=alert(1)>')
    const answer = await world.open(callback)
    expect(answer.status).toBe(400)
    expect(answer.text).toContain(`The provider did not authorize the connection${code}. Authorize it again.`)
    expect(answer.text).not.toMatch(/alert|onerror|now!|__proto__/)
  })

  it.each([
    ['user_cancelled_login', 'was declined'],
    ['consent_required', 'Take prompt out of the authorization parameters'],
    ['OAUTH_APP_BLOCKED', 'Have an administrator there allow it'],
    ['invalid_resource', 'Correct it in the setup, then authorize again'],
    ['user_denied', 'Authorize again to connect after all'],
    ['redirect_uri_mismatch', 'Register it there'],
    ['invalid_target', 'Correct it in the setup'],
  ])('says what to do about %s', async (error, words) => {
    const id = await waiting()
    const callback = await world.consent(id)
    callback.searchParams.delete('code')
    callback.searchParams.set('error', error)
    expect((await world.open(callback)).text).toContain(words)
    expect((await world.view(id)).failure).toMatchObject({
      code: error,
      message: expect.stringContaining(words),
    })
  })

  it.each(['error', 'error_description', 'spapi_oauth_code'])(
    'takes %s without a value for one that was left out',
    async (name) => {
      const callback = await world.consent(await waiting())
      callback.searchParams.set(name, '')
      expect(await world.open(callback)).toMatchObject({ status: 200 })
    },
  )

  it.each(['spapi_oauth_code', 'auth_code'])('takes the code by the name of %s', async (name) => {
    const id = await waiting()
    const callback = await world.consent(id)
    callback.searchParams.set(name, callback.searchParams.get('code')!)
    callback.searchParams.delete('code')
    expect(await world.open(callback)).toMatchObject({ status: 200 })
    expect(await world.view(id)).toMatchObject({ status: 'ready' })
  })

  it.each([
    '//evil.example.test',
    '/\\evil.example.test',
    '\\\\evil.example.test',
    '/%2f%2fevil.example.test',
    '/%5cevil.example.test',
    '%2f%2fevil.example.test',
    '/\tevil',
    '/ evil',
    '/\u0000',
    'data:text/html,x',
    'javascript:alert(1)',
    'https://evil.example.test',
    'https://console.example.test.evil.example.test',
    'https://console.example.test@evil.example.test',
    'https://user:secret@console.example.test',
    'http://console.example.test',
    'https://console.example.test:8443',
    ' https://console.example.test',
    'evil.example.test',
    '',
  ])('sends nobody back to %j', async (returnTo) => {
    const id = await waiting()
    const started = await world.call('POST', `${CONNECTIONS}/${id}/authorize`, { return_to: returnTo })
    expect(started.status).toBe(400)
    expect(started.body.message).toContain('return_to')
  })

  it('refuses to authorize what nobody authorizes', async () => {
    const { body } = await world.create({ name: 'M', app_id: 'OAUTH2', setup: world.machineSetup() })
    const other = await world.create({ name: 'Key', app_id: 'AIRTABLE' })
    const codes = [body.id, other.body.id].map(
      async (id) => (await world.call('POST', `${CONNECTIONS}/${id}/authorize`, {})).body.errorCode,
    )
    await expect(Promise.all(codes)).resolves.toEqual(['not_authorizable', 'not_authorizable'])
  })
})
