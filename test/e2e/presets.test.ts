import { type RunningVault, startRunningVault } from '../support/running-vault.ts'

const CONNECTORS = '/api/v2/flows/vault/connectors'
const CONNECTIONS = '/api/v2/flows/vault/connections'
const CALLER = { tenant: 'acme' }

describe('named services', () => {
  let vault: RunningVault
  beforeAll(async () => {
    vault = await startRunningVault()
  })
  afterAll(() => vault.stop())

  const call = async (method: string, path: string, body?: unknown) => {
    const response = await vault.request(CALLER, method, path, body)
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: JSON.parse(text), bytes: text.length }
  }
  const openai = { provider: 'openai', token: 'sk-0123456789' }

  it('are listed by app, small enough to be fetched whole, and may be kept', async () => {
    const list = await call('GET', `${CONNECTORS}/OAUTH2/presets`)
    expect(list.status).toBe(200)
    expect(list.body.length).toBeGreaterThanOrEqual(180)
    expect(list.bytes).toBeLessThan(40_000)
    expect(list.headers.get('cache-control')).toBe('private, max-age=3600')
    expect(list.body).toContainEqual({
      provider: 'github',
      label: 'GitHub (OAuth app)',
      category: 'developer-tools',
      types: ['AUTHORIZATION_CODE'],
    })
  })

  it.each([
    ['?q=GitHub', ['github', 'github-app']],
    ['?q=drop&category=storage', ['dropbox', 'dropbox-sign']],
    ['?q=nothing-like-it', []],
  ])('are found with %s', async (query, providers) => {
    const { body } = await call('GET', `${CONNECTORS}/OAUTH2/presets${query}`)
    expect(body.map(({ provider }: { provider: string }) => provider)).toEqual(providers)
  })

  it('are shown by name: what to enter, the endpoints, what is odd, and who says so', async () => {
    const { status, body } = await call('GET', `${CONNECTORS}/OAUTH2/presets/shopify`)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      provider: 'shopify',
      category_label: 'Commerce',
      oauth: {
        token_url: 'https://{shop}.myshopify.com/admin/oauth/access_token',
        scope_separator: ',',
        token_endpoint_auth_method: 'client_secret_post',
        access_token_seconds: 3600,
      },
      assumed: ['identity'],
    })
    const { fields } = body.setups[0]
    expect(fields.find(({ name }: { name: string }) => name === 'shop')).toMatchObject({
      required: true,
      pattern: '^[a-z0-9][a-z0-9-]*$',
      example: 'your-store',
    })
    expect(fields.map(({ name }: { name: string }) => name)).not.toContain('token_url')
    expect(body.sources).toContain('grant shopify')
  })

  it.each([
    ['OAUTH2/presets/openai', 'a service of the other app'],
    ['OAUTH2/presets/nobody', 'an unknown one'],
    ['SLACK/presets/github', 'an app without services'],
    ['NOBODY/presets', 'an unknown app'],
  ])('are not found at %s: %s', async (path) => {
    expect((await call('GET', `${CONNECTORS}/${path}`)).status).toBe(404)
  })

  it('hold a key that a flow gets in the place where the service wants it', async () => {
    const created = await call('POST', CONNECTIONS, { name: 'ai', app_id: 'HTTP', setup: openai })
    expect(created).toMatchObject({
      status: 201,
      body: { app_id: 'HTTP', account_name: 'OpenAI ***', ready: true },
    })
    const { id } = created.body
    const full = await call('GET', `${CONNECTIONS}/${id}?view=full`)
    expect(full.body).toMatchObject({ setup_type: 'BEARER', provider: 'openai' })
    expect((await call('GET', `${CONNECTIONS}/${id}`)).body).not.toHaveProperty('provider')
    const fetched = await call('GET', `${CONNECTIONS}/${id}/credentials`)
    expect(fetched.body).toMatchObject({
      request: { headers: { Authorization: 'Bearer sk-0123456789' }, base_url: 'https://api.openai.com/v1' },
      fields: { token: 'sk-0123456789' },
    })
  })

  it('may be changed for another, or for a general setup', async () => {
    const { id } = (await call('POST', CONNECTIONS, { name: 'ai', app_id: 'HTTP', setup: openai })).body
    const anthropic = { provider: 'anthropic', value: 'key-0123456789' }
    expect((await call('PATCH', `${CONNECTIONS}/${id}`, { setup: anthropic })).status).toBe(200)
    expect((await call('GET', `${CONNECTIONS}/${id}/credentials`)).body.request.headers).toEqual({
      'x-api-key': 'key-0123456789',
    })
    await call('PATCH', `${CONNECTIONS}/${id}`, { setup: { type: 'BEARER', token: 'plain-token-000' } })
    const full = await call('GET', `${CONNECTIONS}/${id}?view=full`)
    expect(full.body.setup_type).toBe('BEARER')
    expect(full.body).not.toHaveProperty('provider')
  })

  it.each([
    [
      'google',
      {},
      [{ code: 'no_scopes', message: expect.stringContaining('https://www.googleapis.com/auth/') }],
    ],
    ['google', { scope: 'openid' }, []],
    // Its scopes belong to the application.
    ['printful', {}, []],
  ])('say what %s may be asked for, where nothing is: %j', async (provider, scope, notes) => {
    const setup = { provider, client_id: 'client-000', client_secret: 'secret-000', ...scope }
    const { id } = (await call('POST', CONNECTIONS, { name: 'drive', app_id: 'OAUTH2', setup })).body
    expect((await call('GET', `${CONNECTIONS}/${id}?view=full`)).body.notes).toEqual(notes)
  })

  it('that are not known are refused with what is close, and nothing is made', async () => {
    const body = { name: 'typo', app_id: 'OAUTH2', setup: { provider: 'githib' } }
    const refused = await call('POST', CONNECTIONS, body)
    expect(refused.status).toBe(400)
    expect(refused.body.message).toContain('setup.provider')
    expect(refused.body.message).toContain('github')
    expect((await call('GET', `${CONNECTIONS}?q=typo`)).body).toEqual([])
  })
})
