import { CONNECTIONS, type GrantCalls } from '../support/grant-calls.ts'

/** Creating and changing a connection whose credential a provider mints, against any running vault. */
export function mintingSuite(place: () => GrantCalls): void {
  describe('creating a connection whose credential a provider mints', () => {
    let world: GrantCalls
    beforeAll(() => {
      world = place()
    })
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
        next_rotation_at: expect.any(String),
        failure: { class: 'app-broken', code: 'invalid_client' },
      })
      const fetched = await world.fetchCredential(body.id)
      // It is asked again by itself after five to ten minutes, and the header says no less.
      expect(fetched.status).toBe(503)
      const retryAfter = Number(fetched.headers.get('retry-after'))
      expect(retryAfter).toBeGreaterThan(250)
      expect(retryAfter).toBeLessThanOrEqual(600)
      expect(fetched.body.message).toContain('client id or client secret was refused')
    })

    it.each([
      ['is refused', { client_secret: 'wrong' }, undefined, 400],
      ['cannot be proved because the provider is down', { scope: 'read' }, 'drop-before', 503],
    ] as const)(
      'keeps the working setup when an update with verify %s',
      async (_how, members, fault, status) => {
        const { body } = await world.create(machine())
        const before = await world.view(body.id)
        world.provider.setFault(fault)
        const path = `${CONNECTIONS}/${body.id}?verify=true`
        const updated = await world.call('PATCH', path, { setup: world.machineSetup(members) })
        expect(updated.status).toBe(status)
        world.provider.setFault(undefined)
        expect({ ...(await world.view(body.id)), last_used_at: null }).toEqual(before)
        expect((await world.fetchCredential(body.id)).status).toBe(200)
      },
    )

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
      const code = await world.codeFrom(redirect)
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
  })
}
