import {
  CONNECTIONS,
  startVaultWithProvider,
  type VaultWithProvider,
} from '../support/vault-with-provider.ts'

const HOUR_MS = 3_600_000

describe('creating a connection whose credential a provider mints', () => {
  let world: VaultWithProvider
  beforeAll(async () => {
    world = await startVaultWithProvider({ accessTokenSeconds: 3600 })
  })
  afterAll(() => world.close())
  afterEach(() => world.provider.setFault(undefined))

  const listed = async () => (await world.call('GET', CONNECTIONS)).body.length
  const machine = (overrides = {}) => ({
    name: 'Orders',
    app_id: 'OAUTH2',
    setup: world.machineSetup(overrides),
  })

  it('mints at once for OAUTH2 client credentials, and the token works at the provider', async () => {
    const { status, body } = await world.create(machine())
    expect(status).toBe(201)
    expect(body.ready).toBe(true)
    const credential = (await world.fetchCredential(body.id)).body
    expect(credential.request.headers.Authorization).toBe(`Bearer ${credential.fields.access_token}`)
    await expect(world.provider.isActive(credential.fields.access_token)).resolves.toBe(true)
    expect(Object.keys(credential.fields)).toEqual(['access_token'])
  })

  it('mints at once for Auth0’s HTTP client credentials', async () => {
    const { id: client_id, secret: client_secret } = world.provider.clients.machinePost
    const setup = {
      type: 'OAUTH_CLIENT_CREDENTIALS',
      client_id,
      client_secret,
      token_endpoint: world.provider.tokenUrl,
      audience: 'https://orders.example.test',
    }
    const { status, body } = await world.create({ name: 'Orders', app_id: 'HTTP', setup })
    expect(status).toBe(201)
    const credential = (await world.fetchCredential(body.id)).body
    await expect(world.provider.isActive(credential.fields.access_token)).resolves.toBe(true)
    expect(world.provider.tokenRequests.at(-1)?.parameters).toMatchObject({
      audience: 'https://orders.example.test',
      client_id,
    })
  })

  it('tells with view=full where the connection stands', async () => {
    const { body } = await world.create(machine())
    const full = await world.view(body.id)
    const lifeMs = Date.parse(full.expires_at) - Date.parse(full.refreshed_at)
    expect(Math.round(lifeMs / 1000)).toBe(3600)
    expect(full).toMatchObject({
      status: 'ready',
      setup_type: 'CLIENT_CREDENTIALS',
      credential_version: 1,
      expiry_basis: 'stated',
      refresh_expires_at: null,
      scopes: { required: ['read', 'write'], granted: ['read', 'write'], missing: [] },
      failure: null,
      last_used_at: null,
    })
    // Six minutes of lead for an hour, and up to half of that as jitter.
    const leadMs = Date.parse(full.expires_at) - Date.parse(full.next_rotation_at)
    expect(leadMs).toBeGreaterThanOrEqual(6 * 60_000)
    expect(leadMs).toBeLessThanOrEqual(9 * 60_000)
    await world.fetchCredential(body.id)
    expect((await world.view(body.id)).last_used_at).toMatch(/:00:00\.000Z$/)
  })

  it('is created pending while the provider is down, with the reason and the next try', async () => {
    const setup = { token_url: `https://${world.nowhere}/token` }
    const { status, body } = await world.create(machine(setup))
    expect(status).toBe(201)
    const full = await world.view(body.id)
    expect(full).toMatchObject({ status: 'pending', failure: { class: 'not-sent', code: 'connect_failed' } })
    expect(full.status_reason).toContain('no connection could be made')
    expect(Date.parse(full.next_rotation_at)).toBeGreaterThan(Date.now())
    const fetched = await world.fetchCredential(body.id)
    expect(fetched.status).toBe(503)
    expect(Number(fetched.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(fetched.body.message).toContain('no connection could be made')
  })

  it('becomes ready by itself once the provider is up again', async () => {
    world.provider.setFault('status-503-retry-after')
    const { status, body } = await world.create(machine())
    expect(status).toBe(201)
    expect((await world.view(body.id)).status).toBe('pending')
    world.provider.setFault(undefined)
    world.clock.moveOn(5 * 60_000)
    const fetched = await world.fetchCredential(body.id)
    expect(fetched.status).toBe(200)
    expect(await world.view(body.id)).toMatchObject({ status: 'ready', failure: null })
  })

  it('stores nothing when the provider refuses what was sent with verify', async () => {
    const before = await listed()
    const refused = await world.create(machine({ client_secret: 'wrong' }), '?verify=true')
    expect(refused.status).toBe(400)
    expect(refused.body.errorCode).toBe('invalid_client')
    expect(refused.body.message).toContain('The provider refused the credentials')
    expect(await listed()).toBe(before)
  })

  it('stores nothing when verify was asked for and the provider is down', async () => {
    const before = await listed()
    world.provider.setFault('status-503-retry-after')
    const unavailable = await world.create(machine(), '?verify=true')
    expect(unavailable.status).toBe(503)
    expect(unavailable.body.errorCode).toBe('provider_unavailable')
    expect(unavailable.headers.get('retry-after')).toBe('5')
    expect(unavailable.body.message).toMatch(
      /HTTP 503\)\. Nothing was changed\. Try again, or leave verify out\.$/,
    )
    expect(await listed()).toBe(before)
  })

  it('accepts without verify what the provider refuses, and says what to do', async () => {
    const { status, body } = await world.create(machine({ client_secret: 'wrong' }))
    expect(status).toBe(201)
    const full = await world.view(body.id)
    expect(full).toMatchObject({
      status: 'pending',
      next_rotation_at: null,
      failure: { class: 'app-broken', code: 'invalid_client' },
    })
    const fetched = await world.fetchCredential(body.id)
    expect(fetched.status).toBe(409)
    expect(fetched.body).toMatchObject({ errorCode: 'authorization_pending' })
    expect(fetched.body.message).toContain('client id or client secret was refused')
  })

  it('keeps the working setup when an update with verify is refused or the provider is down', async () => {
    const { body } = await world.create(machine())
    const before = await world.view(body.id)
    const path = `${CONNECTIONS}/${body.id}?verify=true`
    const refused = await world.call('PATCH', path, { setup: world.machineSetup({ client_secret: 'wrong' }) })
    expect(refused.status).toBe(400)
    world.provider.setFault('drop-before')
    const down = await world.call('PATCH', path, { setup: world.machineSetup({ scope: 'read' }) })
    expect(down.status).toBe(503)
    world.provider.setFault(undefined)
    expect({ ...(await world.view(body.id)), last_used_at: null }).toEqual(before)
    expect((await world.fetchCredential(body.id)).status).toBe(200)
  })

  it('verifies an update that changes nothing, too', async () => {
    const { body } = await world.create(machine())
    const same = { setup: world.machineSetup() }
    const update = (change: object) => world.call('PATCH', `${CONNECTIONS}/${body.id}?verify=true`, change)
    expect((await update(same)).status).toBe(200)
    // The old token has ended, and a new one is refused.
    world.clock.moveOn(2 * HOUR_MS)
    world.provider.setFault('status-503-retry-after')
    expect(await update({ ...same, name: 'other' })).toMatchObject({
      status: 503,
      body: { errorCode: 'provider_unavailable' },
    })
    world.provider.setFault(undefined)
    expect((await world.view(body.id)).name).not.toBe('other')
    const nothing = { status: 400, body: { errorCode: 'invalid_query_string' } }
    expect(await update({ name: 'other' })).toMatchObject(nothing)
    expect(await world.create({ name: 'empty', app_id: 'OAUTH2' }, '?verify=true')).toMatchObject(nothing)
  })

  it('says of an empty connection what it needs, whatever is asked of it', async () => {
    const says = { HTTP: 'Add one, then try again.', SALESFORCE: 'Authorize it, or add one, then try again.' }
    for (const [app_id, next] of Object.entries(says)) {
      const { body } = await world.create({ name: 'empty', app_id })
      for (const [method, action] of [
        ['GET', 'credentials'],
        ['POST', 'rotate'],
        ['POST', 'verify'],
      ] as const) {
        expect(await world.call(method, `${CONNECTIONS}/${body.id}/${action}`)).toMatchObject({
          status: 409,
          body: { errorCode: 'connection_empty', message: `The connection has no setup yet. ${next}` },
        })
      }
    }
  })

  it('mints anew for a new setup and not for the same one', async () => {
    const { body } = await world.create(machine())
    const path = `${CONNECTIONS}/${body.id}`
    const asked = world.provider.tokenRequests.length
    const same = await world.call('PATCH', path, { setup: world.machineSetup() })
    expect(same.status).toBe(200)
    expect(world.provider.tokenRequests.length).toBe(asked)
    const other = await world.call('PATCH', `${path}?view=full`, {
      setup: world.machineSetup({ scope: 'read' }),
    })
    expect(other.body).toMatchObject({ credential_version: 2, scopes: { required: ['read'] } })
    expect((await world.fetchCredential(body.id)).body.credential_version).toBe(2)
  })

  it('exchanges a code at create, once', async () => {
    const redirect = 'http://127.0.0.1:1/callback'
    const code = await codeFor(world, redirect)
    const setup = world.codeSetup({ code, redirect_uri: redirect })
    const { status, body } = await world.create({ name: 'Orders', app_id: 'OAUTH2', setup })
    expect(status).toBe(201)
    expect(body.ready).toBe(true)
    const token = (await world.fetchCredential(body.id)).body.fields.access_token
    await expect(world.provider.isActive(token)).resolves.toBe(true)
    // Deploy tools send the same setup on every run: the used code is not exchanged again.
    const asked = world.provider.tokenRequests.length
    const again = await world.call('PATCH', `${CONNECTIONS}/${body.id}`, { setup })
    expect(again.status).toBe(200)
    expect(world.provider.tokenRequests.length).toBe(asked)
    expect((await world.fetchCredential(body.id)).body.fields.access_token).toBe(token)
  })

  it('refuses a code that the provider refuses, and stores nothing', async () => {
    const before = await listed()
    const setup = world.codeSetup({ code: 'made-up', redirect_uri: 'http://127.0.0.1:1/callback' })
    const { status, body } = await world.create({ name: 'Orders', app_id: 'OAUTH2', setup })
    expect(status).toBe(400)
    expect(body).toMatchObject({ errorCode: 'invalid_grant' })
    expect(body.message).toContain('The provider refused the credentials')
    expect(await listed()).toBe(before)
  })

  it('waits for an authorization when a code setup comes without a code', async () => {
    const { body } = await world.create({ name: 'Orders', app_id: 'OAUTH2', setup: world.codeSetup() })
    expect(body.ready).toBe(false)
    expect(await world.view(body.id)).toMatchObject({
      status: 'pending',
      status_reason: 'Nobody has authorized the connection yet. Authorize it.',
      failure: null,
      next_rotation_at: null,
    })
    const fetched = await world.fetchCredential(body.id)
    expect(fetched.status).toBe(409)
    expect(fetched.body.errorCode).toBe('authorization_pending')
    const verified = await world.call('POST', `${CONNECTIONS}/${body.id}/verify`)
    expect(verified.status).toBe(409)
    expect(verified.body.errorCode).toBe('authorization_pending')
  })

  it('says that there is nothing to verify in a code setup without a code', async () => {
    const answer = await world.create(
      { name: 'Orders', app_id: 'OAUTH2', setup: world.codeSetup() },
      '?verify=true',
    )
    expect(answer.status).toBe(400)
    expect(answer.body.errorCode).toBe('invalid_query_string')
  })

  it('revokes the old grant when its setup is replaced', async () => {
    const id = await world.authorized()
    const old = (await world.fetchCredential(id)).body.fields.access_token
    // The grant has been renewed since the connection was made: the newest refresh token is the one to revoke.
    await world.call('POST', `${CONNECTIONS}/${id}/rotate`)
    const renewed = (await world.fetchCredential(id)).body.fields.access_token
    expect(renewed).not.toBe(old)
    const answer = await world.call('PATCH', `${CONNECTIONS}/${id}`, {
      setup: world.codeSetup({ scope: 'read' }),
    })
    expect(answer.body.ready).toBe(false)
    await expect(world.provider.isActive(renewed)).resolves.toBe(false)
  })

  it('revokes the grant of a deleted connection, which comes back to be authorized again', async () => {
    const id = await world.authorized()
    const token = (await world.fetchCredential(id)).body.fields.access_token
    expect((await world.call('DELETE', `${CONNECTIONS}/${id}`)).status).toBe(204)
    await expect(world.provider.isActive(token)).resolves.toBe(false)
    expect((await world.fetchCredential(id)).status).toBe(404)
    const restored = await world.call('POST', `${CONNECTIONS}/${id}/restore?view=full`)
    expect(restored.status).toBe(200)
    expect(await world.view(id)).toMatchObject({ status: 'reauthorization_required', ready: false })
    expect((await world.fetchCredential(id)).body.errorCode).toBe('reauthorization_required')
    const answer = await world.open(await world.consent(id))
    expect(answer.status).toBe(200)
    expect(await world.view(id)).toMatchObject({ status: 'ready', ready: true })
  })

  it('lists what happened, ids and numbers only', async () => {
    const { body } = await world.create(machine())
    world.clock.moveOn(HOUR_MS)
    await world.fetchCredential(body.id)
    await world.call('DELETE', `${CONNECTIONS}/${body.id}`)
    const events = await world.events(body.id)
    expect(events.map(({ type, changed }) => ({ type, changed }))).toEqual([
      { type: 'connection.created', changed: [] },
      { type: 'connection.credentials_rotated', changed: ['credentials'] },
      { type: 'connection.deleted', changed: [] },
    ])
    expect(JSON.stringify(events)).not.toContain(world.provider.clients.machine.secret)
    const rest = await world.call('GET', `${CONNECTIONS}/${body.id}/events?after=2`)
    expect(rest.body).toHaveLength(1)
  })
})

/** A code that somebody obtained elsewhere, with no PKCE. */
async function codeFor(world: VaultWithProvider, redirectUri: string): Promise<string> {
  const url = new URL(world.provider.authorizationUrl)
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: world.provider.clients.webBasic.id,
    redirect_uri: redirectUri,
    scope: 'read write',
    state: 'elsewhere',
  }).toString()
  return (await world.provider.consent(url.href)).searchParams.get('code') ?? ''
}
