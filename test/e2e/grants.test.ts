import { CONNECTIONS } from '../support/grant-calls.ts'
import { startVaultWithProvider, type VaultWithProvider } from '../support/vault-with-provider.ts'
import { grantsSuite } from './grants-suite.ts'

const HOUR_MS = 3_600_000

describe('a vault in one process, beside an authorization server', () => {
  let world: VaultWithProvider
  beforeAll(async () => {
    world = await startVaultWithProvider({ accessTokenSeconds: 3600 })
  })
  afterAll(() => world.close())
  afterEach(() => world.provider.setFault(undefined))

  const machine = (overrides = {}) => ({
    name: 'Orders',
    app_id: 'OAUTH2',
    setup: world.machineSetup(overrides),
  })

  grantsSuite('as every vault', () => ({
    baseUrl: world.vault.url,
    publicUrl: world.vault.url,
    provider: world.provider,
    fetch,
    token: (tenant) => world.vault.token({ tenant }),
  }))

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

  it('says that there is nothing to verify in a code setup without a code', async () => {
    const answer = await world.create(
      { name: 'Orders', app_id: 'OAUTH2', setup: world.codeSetup() },
      '?verify=true',
    )
    expect(answer.status).toBe(400)
    expect(answer.body.errorCode).toBe('invalid_query_string')
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
