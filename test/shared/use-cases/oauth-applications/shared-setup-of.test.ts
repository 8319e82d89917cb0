import type { JsonObject } from '../../../../shared/domain/json.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import { updateConnection } from '../../../../shared/use-cases/connections/update-connection.ts'
import {
  createOauthApplication,
  deleteOauthApplication,
  getOauthApplication,
  updateOauthApplication,
} from '../../../../shared/use-cases/oauth-applications/manage-oauth-applications.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const URLS = {
  type: 'AUTHORIZATION_CODE',
  authorization_url: 'https://idp.example.com/authorize',
  token_url: 'https://idp.example.com/token',
}
const SECRET = 'shared-secret-000'

describe('an OAuth application that connections of any provider share', () => {
  let world: GrantsUnderTest
  let answers: number
  beforeEach(async () => {
    world = await startGrantsUnderTest()
    answers = 0
    world.provider.answerWith(() => ({
      body: {
        access_token: `access-${++answers}`,
        refresh_token: `refresh-${answers}`,
        token_type: 'Bearer',
        expires_in: 3600,
      },
    }))
  })
  afterEach(() => world.close())

  const add = (setup: JsonObject, members: { clientSecret?: string; clientId?: string } = {}) =>
    createOauthApplication(world.ports, {
      tenant: world.tenant,
      appId: 'OAUTH2',
      name: 'ours',
      clientId: members.clientId ?? 'shared-client-000',
      ...(members.clientSecret === ''
        ? {}
        : { clientSecret: new SecretText(members.clientSecret ?? SECRET) }),
      setup,
    })
  const change = (id: string, members: { clientSecret?: string; clientId?: string; setup?: JsonObject }) =>
    updateOauthApplication(world.ports, {
      tenant: world.tenant,
      id,
      ...(members.clientId === undefined ? {} : { clientId: members.clientId }),
      ...(members.setup === undefined ? {} : { setup: members.setup }),
      ...(members.clientSecret === undefined ? {} : { clientSecret: new SecretText(members.clientSecret) }),
    })
  const basic = (secret: string) => `Basic ${btoa(`shared-client-000:${secret}`)}`

  async function authorized(setup: JsonObject) {
    const { id } = await world.create('OAUTH2', setup)
    const page = await world.authorize(id)
    await world.finish(page.searchParams.get('state'))
    return { id, page, sent: world.provider.requests.at(-1)! }
  }

  it('says client and addresses, and the connection what it asks for', async () => {
    const { id: application } = await add(URLS)
    const { id, page, sent } = await authorized({ oauth_app_id: application, scope: 'read write' })
    expect(page.origin + page.pathname).toBe('https://idp.example.com/authorize')
    expect(Object.fromEntries(page.searchParams)).toMatchObject({
      client_id: 'shared-client-000',
      scope: 'read write',
      redirect_uri: `https://vault.example.test/oauth/return/${application}`,
    })
    expect(sent).toMatchObject({ host: 'idp.example.com', path: '/token', authorization: basic(SECRET) })
    expect(await world.row(id)).toMatchObject({
      status: 'ready',
      oauthAppId: application,
      setupType: 'AUTHORIZATION_CODE',
      accountName: 'OAuth sha***000',
    })
    expect((await world.fetch(id)).request.headers).toEqual({ Authorization: 'Bearer access-1' })
  })

  it('has its secret changed in one place: the next renewal of each connection is made with it', async () => {
    const { id: application } = await add(URLS)
    const first = await authorized({ oauth_app_id: application })
    const second = await authorized({ oauth_app_id: application, base_url: 'https://api.example.com' })
    await change(application, { clientSecret: 'another-secret-000' })
    await world.clock.advance(2 * 3_600_000)
    for (const { id } of [first, second]) {
      await world.fetch(id)
      expect(world.provider.requests.at(-1)).toMatchObject({
        authorization: basic('another-secret-000'),
        parameters: { grant_type: 'refresh_token' },
      })
    }
    expect((await world.fetch(second.id)).request.base_url).toBe('https://api.example.com')
  })

  it('may be of a service by its name, with what the service wants to know besides in either', async () => {
    const { id: application } = await add({ type: 'AUTHORIZATION_CODE', provider: 'zendesk' })
    const { page } = await authorized({ oauth_app_id: application, provider: 'zendesk', subdomain: 'acme' })
    expect(page.host).toBe('acme.zendesk.com')
    const { id: held } = await add({ type: 'AUTHORIZATION_CODE', provider: 'zendesk', subdomain: 'globex' })
    expect((await authorized({ oauth_app_id: held })).page.host).toBe('globex.zendesk.com')
    await expect(world.create('OAUTH2', { oauth_app_id: held, subdomain: 'acme' })).rejects.toMatchObject({
      detail: { field: 'setup.subdomain' },
    })
  })

  it('never has its secret sent to a host that the connection names', async () => {
    const { id } = await add({ provider: 'gitlab' })
    const setup = { oauth_app_id: id, host: 'evil.example' }
    await expect(world.create('OAUTH2', setup)).rejects.toMatchObject({ detail: { field: 'setup.host' } })
    for (const name of ['token_url', 'client_id', 'client_secret', 'token_parameters']) {
      const stolen = { oauth_app_id: id, [name]: 'https://evil.example/token' }
      await expect(world.create('OAUTH2', stolen)).rejects.toMatchObject({
        detail: { field: `setup.${name}` },
      })
    }
  })

  it('also mints without a person, with secret fields that only the grants open', async () => {
    const setup = {
      type: 'CLIENT_CREDENTIALS',
      token_url: 'https://idp.example.com/token',
      token_parameters: { account_id: 'planted-account' },
    }
    const application = await add(setup)
    expect(JSON.stringify(application)).not.toContain('planted-account')
    const { id } = await world.create('OAUTH2', { oauth_app_id: application.id, scope: 'read' })
    expect(await world.row(id)).toMatchObject({ status: 'ready', setupType: 'CLIENT_CREDENTIALS' })
    expect(world.provider.requests.at(-1)?.parameters).toMatchObject({
      scope: 'read',
      account_id: 'planted-account',
    })
    // What is kept together is replaced together, because what writes cannot read.
    await expect(change(application.id, { clientSecret: 'x-000' })).rejects.toMatchObject({
      code: 'invalid-body',
      detail: { field: 'setup' },
    })
    await expect(change(application.id, { setup })).rejects.toMatchObject({
      detail: { field: 'client_secret' },
    })
    await change(application.id, { setup: { ...setup, token_parameters: {} }, clientSecret: 'y-000' })
    await world.clock.advance(3_590_000)
    await world.fetch(id)
    expect(world.provider.requests.at(-1)?.parameters).not.toHaveProperty('account_id')
  })

  it('is told with its users when it would be deleted, or become another client', async () => {
    const { id: application } = await add(URLS)
    const { id } = await authorized({ oauth_app_id: application })
    const used = { code: 'conflict', message: expect.stringContaining(`Orders (${id})`) }
    const remove = () => deleteOauthApplication(world.ports, world.tenant, application)
    await expect(remove()).rejects.toMatchObject(used)
    await expect(change(application, { clientId: 'other' })).rejects.toMatchObject(used)
    const moved = { ...URLS, token_url: 'https://other.example.com/token' }
    await expect(change(application, { setup: moved })).rejects.toMatchObject(used)
    await change(application, { setup: { ...URLS, token_request_format: 'json' } })
    expect(await getOauthApplication(world.ports, world.tenant, application)).toMatchObject({
      clientId: 'shared-client-000',
      setup: { token_request_format: 'json' },
    })
    const setup = { ...URLS, client_id: 'own-client-000', client_secret: 'own-secret-000' }
    await updateConnection(world.ports, { tenant: world.tenant, id, setup })
    expect((await world.row(id)).oauthAppId).toBeUndefined()
    await remove()
    await expect(getOauthApplication(world.ports, world.tenant, application)).rejects.toMatchObject({
      code: 'not-found',
    })
  })

  it('stays while a grant that it minted is to be ended at a provider that does not answer', async () => {
    const setup = { ...URLS, revocation_url: 'https://idp.example.com/revoke' }
    const { id: application } = await add(setup)
    const { id } = await authorized({ oauth_app_id: application })
    const remove = () => deleteOauthApplication(world.ports, world.tenant, application)
    let status = 503
    world.provider.answerWith(() => ({ status }))
    const own = { ...URLS, client_id: 'own-client-000', client_secret: 'own-secret-000' }
    await updateConnection(world.ports, { tenant: world.tenant, id, setup: own })
    const ending = { code: 'conflict', message: expect.stringContaining('still being ended') }
    await expect(remove()).rejects.toMatchObject(ending)
    await expect(change(application, { clientId: 'other' })).rejects.toMatchObject(ending)
    status = 200
    await world.clock.advance(60_000)
    await world.reconcile()
    expect(world.provider.requests.at(-1)).toMatchObject({ path: '/revoke', authorization: basic(SECRET) })
    await remove()
  })

  it.each([
    ['of nobody', { oauth_app_id: 'oa_0000000000000000000000' }],
    ['of no text', { oauth_app_id: 7 }],
    ['of another app', { oauth_app_id: 'SALESFORCE' }],
  ])('is refused by its name where it is one %s', async (_what, setup) => {
    const other = await world.addApplication('SALESFORCE')
    const named = setup.oauth_app_id === 'SALESFORCE' ? other.id : setup.oauth_app_id
    await expect(world.create('OAUTH2', { oauth_app_id: named })).rejects.toMatchObject({
      code: 'invalid-body',
      detail: { field: 'setup.oauth_app_id' },
    })
  })

  it.each([
    ['no setup', undefined, 'setup'],
    ['a code', { ...URLS, code: 'c0de' }, 'setup.code'],
    ['a client', { ...URLS, client_id: 'twice' }, 'setup.client_id'],
    ['no token URL', { ...URLS, token_url: undefined }, 'setup.token_url'],
    ['an unknown service', { provider: 'nowhere' }, 'setup.provider'],
  ])('is refused with %s', async (_what, setup, field) => {
    await expect(add(setup as unknown as JsonObject)).rejects.toMatchObject({
      code: 'invalid-body',
      detail: { field },
    })
  })
})
