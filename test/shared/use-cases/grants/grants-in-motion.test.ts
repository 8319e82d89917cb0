import { createConnection } from '../../../../shared/use-cases/connections/create-connection.ts'
import { deleteConnection } from '../../../../shared/use-cases/connections/delete-connection.ts'
import { updateConnection } from '../../../../shared/use-cases/connections/update-connection.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'
import type { ScriptedAnswer } from '../../../support/scripted-provider.ts'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
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
const GRANT = {
  access_token: 'access-0',
  refresh_token: 'refresh-0',
  token_type: 'Bearer',
  expires_in: 3600,
  scope: 'read write',
}

describe('what happens while a provider takes its time', () => {
  let world: GrantsUnderTest
  beforeEach(async () => {
    world = await startGrantsUnderTest()
  })
  afterEach(() => world.close())

  const paths = () => world.provider.requests.map(({ path }) => path)
  const revoked = () =>
    world.provider.requests
      .filter(({ path }) => path === '/revoke')
      .map(({ parameters }) => parameters['token'])

  /** Token requests wait until they are let go; everything else is answered at once. */
  function hold(answer: object = GRANT): { arrived: Promise<void>; letGo(): void } {
    const arrived = Promise.withResolvers<void>()
    const released = Promise.withResolvers<void>()
    world.provider.answerWith(async ({ path }): Promise<ScriptedAnswer> => {
      if (path !== '/token') return { body: {} }
      arrived.resolve()
      await released.promise
      return { body: answer }
    })
    return { arrived: arrived.promise, letGo: released.resolve }
  }
  /** Real work goes on until it has left its mark. */
  async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
    while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve))
  }

  /** The rescue item is written first, and the grant that it leads to a moment later. */
  async function isRescueStored(): Promise<boolean> {
    const partition = `TENANT#${world.tenant}#RESCUES`
    return (await world.ports.items.query({ partition, limit: 1 })).items.length === 1
  }

  it('revokes a code’s grant when the connection was deleted meanwhile', async () => {
    const { id } = await world.create('OAUTH2', CODE_SETUP)
    const state = (await world.authorize(id)).searchParams.get('state')
    const held = hold()
    const finishing = world.finish(state)
    await held.arrived
    await deleteConnection(world.ports, { tenant: world.tenant, id, purge: false })
    held.letGo()
    expect(await finishing).toMatchObject({ end: { outcome: 'failed', code: 'deleted' } })
    expect(revoked()).toEqual(['refresh-0'])
  })

  it('revokes a code’s grant when the connection was given another setup meanwhile', async () => {
    const { id } = await world.create('OAUTH2', CODE_SETUP)
    const state = (await world.authorize(id)).searchParams.get('state')
    const held = hold()
    const finishing = world.finish(state)
    await held.arrived
    const setup = { ...CODE_SETUP, client_id: 'another-client-001' }
    await updateConnection(world.ports, { tenant: world.tenant, id, setup })
    held.letGo()
    expect(await finishing).toMatchObject({
      end: { outcome: 'failed', words: expect.stringContaining('another setup') },
    })
    expect(revoked()).toEqual(['refresh-0'])
    expect(await world.row(id)).toMatchObject({ status: 'pending', accountName: 'OAuth ano***001' })
  })

  it('keeps a rename that came while the code was exchanged', async () => {
    const { id } = await world.create('OAUTH2', CODE_SETUP)
    const state = (await world.authorize(id)).searchParams.get('state')
    const held = hold()
    const finishing = world.finish(state)
    await held.arrived
    await updateConnection(world.ports, { tenant: world.tenant, id, name: 'Renamed' })
    held.letGo()
    expect(await finishing).toMatchObject({ end: { outcome: 'granted' } })
    expect(await world.row(id)).toMatchObject({ name: 'Renamed', status: 'ready' })
  })

  it('lets a new authorization win over a rotation of the old grant', async () => {
    world.provider.answerWith(() => ({ body: GRANT }))
    const { id } = await world.create('OAUTH2', CODE_SETUP)
    await world.connect(id)
    const state = (await world.authorize(id)).searchParams.get('state')
    const held = hold({ ...GRANT, access_token: 'rotated', refresh_token: 'refresh-rotated' })
    const rotating = world.ports.grants.rotate({ tenant: world.tenant, id, cause: 'manual' }, HOUR_MS)
    await held.arrived
    const before = await world.row(id)
    world.provider.answerWith(() => ({ body: { ...GRANT, access_token: 'authorized' } }))
    await world.finish(state)
    held.letGo()
    expect(await rotating).toMatchObject({ kind: 'busy' })
    await world.clock.advance(10 * MINUTE_MS)
    await world.reconcile()
    await world.sweep()
    expect((await world.fetch(id)).fields.access_token).toBe('authorized')
    expect(await world.row(id)).toMatchObject({ credentialVersion: before.credentialVersion + 1 })
    expect((await world.row(id)).attempt).toBeUndefined()
  })

  it('lets a new authorization win over a rotation that began while it was exchanged', async () => {
    world.provider.answerWith(() => ({ body: GRANT }))
    const { id } = await world.create('OAUTH2', CODE_SETUP)
    await world.connect(id)
    const state = (await world.authorize(id)).searchParams.get('state')
    const exchange = hold({ ...GRANT, access_token: 'authorized', refresh_token: 'refresh-authorized' })
    const finishing = world.finish(state)
    await exchange.arrived
    const refresh = hold({ ...GRANT, access_token: 'rotated', refresh_token: 'refresh-rotated' })
    const rotating = world.ports.grants.rotate({ tenant: world.tenant, id, cause: 'manual' }, HOUR_MS)
    await refresh.arrived
    exchange.letGo()
    expect(await finishing).toMatchObject({ end: { outcome: 'granted' } })
    const row = await world.row(id)
    expect(row.attempt).toBeUndefined()
    refresh.letGo()
    await rotating
    await world.clock.advance(10 * MINUTE_MS)
    await world.reconcile()
    await world.sweep()
    expect((await world.fetch(id)).fields.access_token).toBe('authorized')
  })

  it('answers a create after five seconds, and adopts the grant that comes late', async () => {
    const held = hold({ ...GRANT, refresh_token: undefined, scope: 'read' })
    const creating = world.create('OAUTH2', MACHINE_SETUP)
    await held.arrived
    await world.clock.advance(5_000)
    const { id } = await creating
    expect(await world.row(id)).toMatchObject({
      status: 'pending',
      statusReason: 'The provider has not answered yet; it is asked again.',
    })
    await expect(world.fetch(id)).rejects.toMatchObject({ code: 'credential-unavailable' })
    held.letGo()
    await until(isRescueStored)
    await world.clock.advance(MINUTE_MS)
    await world.reconcile()
    // The scopes that were asked for are kept, so that the one that was not granted is seen.
    expect(await world.row(id)).toMatchObject({
      status: 'degraded',
      requiredScopes: ['read', 'write'],
      statusReason: expect.stringContaining('Missing: write'),
    })
    expect((await world.fetch(id)).fields.access_token).toBe('access-0')
    expect(paths()).toEqual(['/token'])
    // The next one is asked for with all of them again.
    world.provider.answerWith(() => ({ body: { ...GRANT, refresh_token: undefined } }))
    await world.clock.advance(HOUR_MS)
    await world.fetch(id)
    expect(world.provider.requests.at(-1)?.parameters).toMatchObject({ scope: 'read write' })
    expect((await world.row(id)).status).toBe('ready')
  })

  it('does not send a code again that was sent before a create gave up waiting', async () => {
    const held = hold()
    const creating = world.create('OAUTH2', { ...CODE_SETUP, code: 'code-000' })
    await held.arrived
    await world.clock.advance(5_000)
    const { id } = await creating
    await world.clock.advance(2 * MINUTE_MS)
    await world.sweep()
    await expect(world.fetch(id)).rejects.toMatchObject({ code: 'authorization-pending' })
    expect(paths()).toEqual(['/token'])
    held.letGo()
    await until(isRescueStored)
    await world.clock.advance(MINUTE_MS)
    await world.reconcile()
    expect(await world.row(id)).toMatchObject({ status: 'ready' })
    expect(paths()).toEqual(['/token'])
  })

  it('becomes ready by the sweep when an OAuth application is added to a code that waits', async () => {
    world.provider.answerWith(() => ({ body: { ...GRANT, api_domain: 'https://acme.pipedrive.com' } }))
    const { id } = await world.create('PIPEDRIVE', { type: 'OAUTH_CODE', code: 'code-000' })
    expect(await world.row(id)).toMatchObject({
      status: 'pending',
      failure: { code: 'no_oauth_application' },
    })
    await world.addApplication('PIPEDRIVE')
    await world.clock.advance(2 * MINUTE_MS)
    await world.sweep()
    const row = await world.row(id)
    expect(row).toMatchObject({ status: 'ready' })
  })

  it('does not send a code that has waited longer than codes live', async () => {
    world.provider.answerWith(() => ({ body: GRANT }))
    const { id } = await world.create('PIPEDRIVE', { type: 'OAUTH_CODE', code: 'code-000' })
    await world.clock.advance(11 * MINUTE_MS)
    await world.addApplication('PIPEDRIVE')
    await world.sweep()
    expect(await world.row(id)).toMatchObject({ status: 'pending', failure: { code: 'code_expired' } })
    expect(paths()).toEqual([])
  })

  it('mints by the sweep what the provider could not give at create', async () => {
    world.provider.answerWith(() => ({ status: 503, headers: { 'retry-after': '30' } }))
    const { id } = await world.create('OAUTH2', MACHINE_SETUP)
    expect((await world.row(id)).status).toBe('pending')
    await world.sweep()
    expect(paths()).toHaveLength(1)
    world.provider.answerWith(() => ({ body: GRANT }))
    await world.clock.advance(MINUTE_MS)
    await world.sweep()
    expect(await world.row(id)).toMatchObject({ status: 'ready', credentialVersion: 2 })
    expect((await world.row(id)).failure).toBeUndefined()
  })

  it('tries a static key by the connector’s own call before it is stored', async () => {
    const setup = { type: 'API_KEY', api_key: 'hubspot-key-000' }
    const create = async () => {
      const input = {
        tenant: world.tenant,
        clientId: 'test',
        name: 'Key',
        appId: 'HUBSPOT',
        setup,
        verify: true,
      }
      return (await createConnection(world.ports, input)).row
    }
    world.provider.answerWith(() => ({ status: 401, body: { message: 'no' } }))
    await expect(create()).rejects.toMatchObject({ code: 'provider-refused' })
    world.provider.answerWith(() => ({ status: 502 }))
    await expect(create()).rejects.toMatchObject({ code: 'provider-unavailable' })
    const listed = await world.ports.items.query({
      partition: `TENANT#${world.tenant}#CONNECTIONS`,
      limit: 10,
    })
    expect(listed.items).toEqual([])
    world.provider.answerWith(() => ({ body: { portalId: 1 } }))
    expect((await create()).status).toBe('ready')
    expect(world.provider.requests.at(-1)).toMatchObject({
      method: 'GET',
      host: 'api.hubapi.com',
      authorization: 'Bearer hubspot-key-000',
    })
  })
})
