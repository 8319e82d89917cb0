import type { JsonObject } from '../../../../shared/domain/json.ts'
import { rescuesOf } from '../../../../shared/domain/keys.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import { RESCUE_ROWS } from '../../../../shared/rows/rescue-row.ts'
import { findTombstone } from '../../../../shared/use-cases/commit/tombstones.ts'
import { deleteConnection } from '../../../../shared/use-cases/connections/delete-connection.ts'
import { updateConnection } from '../../../../shared/use-cases/connections/update-connection.ts'
import { settleRescue } from '../../../../shared/use-cases/grants/settle-rescue.ts'
import { OpenedSecrets } from '../../../../shared/use-cases/memory/opened-secrets.ts'
import { createOauthApplication } from '../../../../shared/use-cases/oauth-applications/manage-oauth-applications.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const SETUP = {
  type: 'AUTHORIZATION_CODE',
  client_id: 'client-000',
  client_secret: 'secret-000',
  authorization_url: 'https://idp.example.test/authorize',
  token_url: 'https://idp.example.test/token',
  revocation_url: 'https://idp.example.test/revoke',
  userinfo_url: 'https://idp.example.test/userinfo',
}

const LOCKED = { deletedAtMs: expect.any(Number) }

describe('revokeGrants', () => {
  let world: GrantsUnderTest
  let issued: number
  beforeEach(async () => {
    world = await startGrantsUnderTest()
    issued = 0
  })
  afterEach(() => world.close())

  const revoked = () =>
    world.provider.requests
      .filter(({ path }) => path.endsWith('/revoke'))
      .map(({ parameters }) => parameters['token'])

  /** Authorizes the connection in a browser, as the person whom the provider names. */
  async function authorize(id: string, person?: string): Promise<void> {
    world.provider.answerWith(({ path }) => {
      if (path.endsWith('/userinfo'))
        return person === undefined ? { status: 404 } : { body: { sub: person } }
      if (!path.endsWith('/token')) return { body: {} }
      issued++
      const tokens = { access_token: `access-${issued}`, refresh_token: `refresh-${issued}` }
      return { body: { ...tokens, expires_in: 3600, instance_url: 'https://acme.my.salesforce.com' } }
    })
    const state = (await world.authorize(id)).searchParams.get('state')
    expect(await world.finish(state)).toMatchObject({ end: { outcome: 'granted' } })
  }
  async function connected(person: string | undefined, change: JsonObject = {}): Promise<string> {
    const { id } = await world.create('OAUTH2', { ...SETUP, ...change })
    await authorize(id, person)
    return id
  }
  const remove = (id: string) => deleteConnection(world.ports, { tenant: world.tenant, id, purge: false })

  it.each<[string, [string | undefined, JsonObject?], boolean]>([
    ['nobody else', ['another-person'], true],
    ['the same person', ['ada'], false],
    ['perhaps the same person', [undefined], false],
    ['the same person for another client', ['ada', { client_id: 'client-001' }], true],
    ['the same person with another secret', ['ada', { client_secret: 'secret-001' }], false],
    ['the same person who was asked otherwise', ['ada', { audience: 'https://api.example.test' }], false],
    ['the same person with a parameter more', ['ada', { token_parameters: { tenant: 'a' } }], false],
    [
      'the same person for a client of that name elsewhere',
      ['ada', { token_url: 'https://other.example.test/token' }],
      true,
    ],
  ])('ends a deleted connection’s grant where %s holds one', async (_, other, isRevoked) => {
    await connected(...other)
    const id = await connected('ada')
    await remove(id)
    expect(revoked()).toEqual(isRevoked ? ['refresh-2'] : [])
    const tombstone = await findTombstone(world.ports, world.tenant, id)
    expect(tombstone?.revocations).toEqual({ main: isRevoked ? 'revoked' : 'kept' })
  })

  it.each<[string, JsonObject, boolean]>([
    ['one that was asked for otherwise', { audience: 'https://api.example.test' }, false],
    ['one of another client, in a setup', { ...SETUP, client_id: 'client-001' }, true],
    ['one of that client, in a setup', SETUP, false],
    [
      'one of that client at another provider',
      { ...SETUP, token_url: 'https://idp2.example.test/token' },
      true,
    ],
  ])('counts the client of an application that connections share: %s', async (_, other, isRevoked) => {
    const { type, client_id: clientId, client_secret: clientSecret, ...setup } = SETUP
    const { id: application } = await createOauthApplication(world.ports, {
      ...{ tenant: world.tenant, appId: 'OAUTH2', name: 'shared', clientId, setup: { type, ...setup } },
      clientSecret: new SecretText(clientSecret),
    })
    const shared = { oauth_app_id: application }
    const made = async (setup: JsonObject) => {
      const { id } = await world.create('OAUTH2', setup)
      await authorize(id, 'ada')
      return id
    }
    await made('client_id' in other ? other : { ...shared, ...other })
    await remove(await made(shared))
    expect(revoked()).toEqual(isRevoked ? ['refresh-2'] : [])
  })

  it('has the tenant pay for the rows it looks through: all as lists do, those of the app whole', async () => {
    for (const name of ['one', 'two', 'three']) await world.create('HTTP', { type: 'BEARER', token: name })
    await connected('another-person')
    const id = await connected('ada')
    expect(world.charged).toEqual([])
    await remove(id)
    // A hundred rows of a list cost one request, and 33 whole ones.
    expect(world.charged.map(({ units }) => units)).toEqual([4 / 100, 1 / 33])
    expect(new Set(world.charged.map(({ tenant }) => tenant))).toEqual(new Set([world.tenant]))
  })

  it('ends it with the last connection that holds it', async () => {
    const [one, other] = [await connected('ada'), await connected('ada')]
    await remove(one)
    await remove(other)
    expect(revoked()).toEqual(['refresh-2'])
  })

  it.each([
    ['deleted', false],
    ['purged', true],
  ])('ends the grant of the client before, of a connection that is %s meanwhile', async (_, purge) => {
    const id = await connected('ada')
    let status = 503
    world.provider.answerWith(() => ({ status }))
    const setup = { ...SETUP, client_id: 'client-001' }
    await updateConnection(world.ports, { tenant: world.tenant, id, setup })
    const { secret } = await world.row(id)
    const tried = world.provider.requests.length
    if (purge) status = 200
    await deleteConnection(world.ports, { tenant: world.tenant, id, purge })
    status = 200
    // Secrets Manager opens nothing of what is scheduled for deletion.
    const meta = { partition: `SECRET#${secret!.secretId}`, sort: 'meta' }
    expect(await world.ports.items.get(meta)).toEqual(purge ? undefined : expect.not.objectContaining(LOCKED))
    // Another process has nothing of it in memory.
    const other = { ...world.ports, opened: new OpenedSecrets(world.ports.secrets, world.ports.sealer) }
    const { items } = await world.ports.items.query({ ...rescuesOf(world.tenant, id), limit: 9 })
    for (const { attributes } of items) await settleRescue(other, RESCUE_ROWS.decode(attributes))
    expect(items).toHaveLength(1)
    const client = Buffer.from('client-000:secret-000').toString('base64')
    const ended = { path: '/revoke', authorization: `Basic ${client}`, parameters: { token: 'refresh-1' } }
    expect(world.provider.requests.slice(tried)).toMatchObject([ended])
  })

  it('leaves the old grant alone when the connection is authorized anew', async () => {
    const id = await connected('ada')
    await authorize(id, 'ada')
    await world.reconcile()
    expect(revoked()).toEqual([])
  })

  it('ends the old grant with the new one where that ends no more than its own tokens', async () => {
    await world.addApplication('SALESFORCE')
    const { id } = await world.create('SALESFORCE', { type: 'OAUTH_CODE' })
    await authorize(id)
    await authorize(id)
    await world.clock.advance(1000)
    await world.reconcile()
    expect(revoked()).toEqual(['refresh-1'])
    expect((await world.fetch(id)).fields).toMatchObject({ access_token: 'access-2' })
  })
})
