import type { JsonObject } from '../../../../shared/domain/json.ts'
import { updateConnection } from '../../../../shared/use-cases/connections/update-connection.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const HOUR_MS = 3_600_000
const CODE_SETUP = {
  type: 'AUTHORIZATION_CODE',
  client_id: 'client-000',
  client_secret: 'secret-000',
  authorization_url: 'https://idp.example.test/authorize',
  token_url: 'https://idp.example.test/token',
  revocation_url: 'https://idp.example.test/revoke',
  scope: 'read write',
}
const MACHINE_SETUP = {
  type: 'CLIENT_CREDENTIALS',
  client_id: 'client-000',
  client_secret: 'secret-000',
  token_url: 'https://idp.example.test/token',
  scope: 'read write',
}

describe('replaceSetup', () => {
  let world: GrantsUnderTest
  let issued: number
  /** How many requests were made before those that a test looks at. */
  let seen: number
  beforeEach(async () => {
    world = await startGrantsUnderTest()
    issued = 0
    seen = 0
    grantAll()
  })
  afterEach(() => world.close())

  const update = (id: string, setup: JsonObject, more: { verify?: boolean } = {}) =>
    updateConnection(world.ports, { tenant: world.tenant, id, setup, ...more })
  const requests = () => world.provider.requests.slice(seen)
  const asked = (path: string) => requests().filter((request) => request.path === path)

  /** Each token answer is another pair; revocations are accepted. */
  function grantAll(): void {
    world.provider.answerWith(({ path }) => {
      if (path !== '/token') return { body: {} }
      issued++
      const body = {
        access_token: `access-${issued}`,
        refresh_token: `refresh-${issued}`,
        token_type: 'Bearer',
        expires_in: 3600,
        scope: 'read write',
      }
      return { body }
    })
  }
  function refuseAll(status: number, error = 'temporarily_unavailable'): void {
    world.provider.answerWith(({ path }) => (path === '/token' ? { status, body: { error } } : { body: {} }))
  }

  async function connected(setup: JsonObject = CODE_SETUP): Promise<string> {
    const { id } = await world.create('OAUTH2', { ...setup, code: 'code-000' })
    seen = world.provider.requests.length
    return id
  }

  it.each<[string, JsonObject]>([
    ['client secret', { client_secret: 'secret-001' }],
    ['base URL', { base_url: 'https://api.example.test' }],
    ['revocation URL', { revocation_url: 'https://idp.example.test/revoke2' }],
    ['client authentication', { token_endpoint_auth_method: 'client_secret_post' }],
    ['issuer', { issuer: 'https://idp.example.test' }],
    ['separator of scopes', { scope_separator: 'space' }],
    ['life of tokens', { access_token_lifetime: 600 }],
    ['narrower scope', { scope: 'read' }],
  ])('keeps a person’s grant under another %s, and asks nobody', async (_, change) => {
    const id = await connected()
    const before = await world.row(id)
    const after = await update(id, { ...CODE_SETUP, ...change })
    expect(after).toMatchObject({ status: 'ready', version: before.version + 1, grant: before.grant })
    expect(requests()).toEqual([])
    expect((await world.fetch(id)).fields).toMatchObject({ access_token: 'access-1' })
  })

  it('renews a kept grant with the new secret', async () => {
    const id = await connected()
    await update(id, { ...CODE_SETUP, client_secret: 'secret-001' })
    await world.clock.advance(2 * HOUR_MS)
    expect((await world.fetch(id)).fields).toMatchObject({ access_token: 'access-2' })
    const [request] = asked('/token')
    expect(request?.parameters).toMatchObject({ refresh_token: 'refresh-1' })
    expect(request?.authorization).toBe(`Basic ${btoa('client-000:secret-001')}`)
  })

  it('raises what flows compare only where they get something else', async () => {
    const id = await connected()
    const { credentialVersion } = await world.row(id)
    expect((await update(id, { ...CODE_SETUP, client_secret: 'secret-001' })).credentialVersion).toBe(
      credentialVersion,
    )
    const moved = { ...CODE_SETUP, client_secret: 'secret-001', base_url: 'https://api.example.test' }
    expect((await update(id, moved)).credentialVersion).toBe(credentialVersion + 1)
    expect((await world.fetch(id)).request).toMatchObject({ base_url: 'https://api.example.test' })
  })

  it('is degraded by scopes that are asked for anew, with their list', async () => {
    const id = await connected()
    const after = await update(id, { ...CODE_SETUP, scope: 'read write admin' })
    expect(after.status).toBe('degraded')
    expect(after.statusReason).toContain('Missing: admin.')
    expect(await update(id, CODE_SETUP)).toMatchObject({ status: 'ready', statusReason: undefined })
    expect(requests()).toEqual([])
  })

  it.each<[string, JsonObject]>([
    ['client id', { client_id: 'client-001' }],
    ['token URL', { token_url: 'https://idp.example.test/other/token' }],
    ['authorization URL', { authorization_url: 'https://idp.example.test/other' }],
    ['audience', { audience: 'https://api.example.test' }],
    ['resource', { resource: 'https://api.example.test' }],
  ])('ends a person’s grant under another %s, at its provider too', async (_, change) => {
    const id = await connected()
    const after = await update(id, { ...CODE_SETUP, ...change })
    expect(after).toMatchObject({ status: 'pending', grant: undefined, attempt: undefined })
    expect(after.statusReason).toContain('another client')
    expect(asked('/revoke').map(({ parameters }) => parameters['token'])).toEqual(['refresh-1'])
    await expect(world.fetch(id)).rejects.toMatchObject({ code: 'authorization-pending' })
  })

  it('tries to end it for a day with the setup that it was minted with', async () => {
    const id = await connected()
    world.provider.answerWith(() => ({ status: 503, body: {} }))
    await update(id, { ...CODE_SETUP, client_id: 'client-001', client_secret: 'secret-001' })
    seen = world.provider.requests.length
    grantAll()
    await world.clock.advance(2 * 60_000)
    await world.reconcile()
    const [request] = asked('/revoke')
    expect(request?.authorization).toBe(`Basic ${btoa('client-000:secret-000')}`)
    expect(request?.parameters['token']).toBe('refresh-1')
    await world.clock.advance(HOUR_MS)
    await world.reconcile()
    expect(asked('/revoke')).toHaveLength(1)
  })

  it.each([
    [503, 'temporarily_unavailable', 'provider-unavailable', 5, 'Nothing was changed. Try again.'],
    [429, 'slow_down', 'provider-unavailable', 5, 'Nothing was changed. Try again.'],
    // The code may be used up: to send it again helps nobody.
    [500, 'server_error', 'provider-unavailable', undefined, ' (HTTP 500). Authorize the connection again.'],
    [200, '', 'provider-unavailable', undefined, 'check the token endpoint, if the setup names it.'],
    [400, 'invalid_grant', 'provider-refused', undefined, 'Authorize the connection again.'],
    [401, 'invalid_client', 'provider-refused', undefined, 'then authorize the connection again.'],
  ])(
    'keeps the old grant when a new code meets %p %s',
    async (status, error, code, retryAfterSeconds, next) => {
      const id = await connected()
      const before = await world.row(id)
      refuseAll(status, error)
      const refusal = await update(id, { ...CODE_SETUP, code: 'code-001' }).catch((thrown) => thrown)
      expect(refusal).toMatchObject({ code })
      expect(refusal.message.slice(-next.length)).toBe(next)
      expect(refusal.detail.retryAfterSeconds).toBe(retryAfterSeconds)
      // The version that was staged for it stays counted.
      const secret = { ...before.secret, staged: 2 }
      expect(await world.row(id)).toEqual({ ...before, op: expect.any(String), secret })
      expect(asked('/revoke')).toEqual([])
      expect((await world.fetch(id)).fields).toMatchObject({ access_token: 'access-1' })
    },
  )

  it('puts a new code’s grant in the place of the old one, which is forgotten', async () => {
    const id = await connected()
    await update(id, { ...CODE_SETUP, code: 'code-001' })
    expect((await world.fetch(id)).fields).toMatchObject({ access_token: 'access-2' })
    expect(asked('/revoke')).toEqual([])
  })

  it('takes a used code for nothing new, sent again or left out', async () => {
    const id = await connected()
    const before = await world.row(id)
    expect(await update(id, { ...CODE_SETUP, code: 'code-000' })).toEqual(before)
    expect(await update(id, CODE_SETUP)).toEqual(before)
    const withUri = { ...CODE_SETUP, redirect_uri: 'https://app.example.test/return' }
    expect(await update(id, withUri)).toEqual(before)
    expect(requests()).toEqual([])
  })

  it('mints anew what needs nobody, and serves the old token until then', async () => {
    const { id } = await world.create('OAUTH2', MACHINE_SETUP)
    refuseAll(503)
    const changed = { ...MACHINE_SETUP, client_secret: 'secret-001' }
    expect(await update(id, changed)).toMatchObject({ status: 'degraded' })
    expect((await world.fetch(id)).fields).toMatchObject({ access_token: 'access-1' })
    grantAll()
    await world.clock.advance(60_000)
    await world.sweep()
    expect((await world.fetch(id)).fields).toMatchObject({ access_token: 'access-2' })
    const row = await world.row(id)
    expect([row.status, row.failure]).toEqual(['ready', undefined])
    const last = asked('/token').at(-1)
    expect(last?.authorization).toBe(`Basic ${btoa('client-000:secret-001')}`)
  })

  it('has the new token at once where the provider answers', async () => {
    const { id } = await world.create('OAUTH2', MACHINE_SETUP)
    await update(id, { ...MACHINE_SETUP, scope: 'read' })
    expect((await world.fetch(id)).fields).toMatchObject({ access_token: 'access-2' })
  })

  it('asks a refused client again at once when its secret is replaced', async () => {
    const id = await connected()
    await world.clock.advance(2 * HOUR_MS)
    refuseAll(401, 'invalid_client')
    await expect(world.fetch(id)).rejects.toMatchObject({ code: 'credential-unavailable' })
    grantAll()
    await update(id, { ...CODE_SETUP, client_secret: 'secret-001' })
    await world.sweep()
    const row = await world.row(id)
    expect([row.status, row.failure]).toEqual(['ready', undefined])
  })

  it('keeps a renewal that comes while the secret is replaced', async () => {
    const id = await connected()
    await world.clock.advance(2 * HOUR_MS)
    const arrived = Promise.withResolvers<void>()
    const released = Promise.withResolvers<void>()
    world.provider.answerWith(async () => {
      arrived.resolve()
      await released.promise
      return { body: { access_token: 'access-9', refresh_token: 'refresh-9', expires_in: 3600 } }
    })
    const fetching = world.fetch(id)
    await arrived.promise
    await update(id, { ...CODE_SETUP, client_secret: 'secret-001', scope: 'read' })
    released.resolve()
    expect((await fetching).fields).toMatchObject({ access_token: 'access-9' })
    expect(await world.row(id)).toMatchObject({ status: 'ready', requiredScopes: ['read'] })
  })

  it('says of a code that comes by the API whose grant it brought, and of the next one only what it told', async () => {
    const owned = { access_token: 'a-1', refresh_token: 'r-1', expires_in: 3600 }
    world.provider.answerWith(() => ({ body: { ...owned, email: 'ada@example.test' } }))
    const { id, account } = await world.create('OAUTH2', { ...CODE_SETUP, code: 'code-000' })
    expect(account).toEqual({ email: 'ada@example.test' })
    world.provider.answerWith(() => ({ body: owned }))
    await update(id, { ...CODE_SETUP, code: 'code-001' })
    expect((await world.row(id)).account).toBeUndefined()
  })

  it('sends a code once, whoever brings it again', async () => {
    const id = await connected()
    const again = world.create('OAUTH2', { ...CODE_SETUP, code: 'code-000' })
    await expect(again).rejects.toMatchObject({
      code: 'provider-refused',
      detail: { errorCode: 'code_used' },
    })
    await update(id, { ...CODE_SETUP, code: 'code-001' })
    expect(asked('/token').map(({ parameters }) => parameters['code'])).toEqual(['code-001'])
    expect((await world.fetch(id)).fields).toMatchObject({ access_token: 'access-2' })
  })

  it('sends a code again that the provider did not take for a reason that passes', async () => {
    const id = await connected()
    refuseAll(503)
    const setup = { ...CODE_SETUP, code: 'code-001' }
    await expect(update(id, setup)).rejects.toMatchObject({ code: 'provider-unavailable' })
    grantAll()
    await update(id, setup)
    expect((await world.fetch(id)).fields).toMatchObject({ access_token: 'access-2' })
  })
})
