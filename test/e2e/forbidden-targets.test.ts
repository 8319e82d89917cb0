import { CONNECTIONS } from '../support/grant-calls.ts'
import { startVaultWithProvider, type VaultWithProvider } from '../support/vault-with-provider.ts'

const ALLOWED =
  'a public host by https on port 443, or one that the operator has allowed in FLOW_VAULT_ALLOW_HOSTS'

describe('an address that the vault must call and never will', () => {
  let world: VaultWithProvider
  beforeAll(async () => {
    world = await startVaultWithProvider()
  })
  afterAll(() => world.close())

  const listed = async () => (await world.call('GET', `${CONNECTIONS}?include_totals=true`)).body.total
  const endpoint = (token_endpoint: string) => ({
    app_id: 'HTTP',
    setup: {
      type: 'OAUTH_CLIENT_CREDENTIALS',
      client_id: 'client-000',
      client_secret: 'planted-client-secret-000',
      token_endpoint,
    },
  })
  const refusal = (field: string, reason: string) => ({
    statusCode: 400,
    error: 'Bad Request',
    message: `Payload validation error: '${reason}' on property setup.${field} (${ALLOWED}).`,
    errorCode: 'invalid_body',
    errors: [{ path: `setup.${field}`, code: 'value', message: reason, allowed: ALLOWED }],
  })

  it.each([
    ['https://idp.example.com:8443/token', 'Only port 443 is called, not 8443'],
    ['https://idp.example.com:0/token', 'Only port 443 is called, not 0'],
    ['https://idp.example.com./token', 'A host name must not end in a dot'],
    ['https://localhost./token', 'A host name must not end in a dot'],
    ['https://127.0.0.1/token', 'The address is not on the public internet'],
    ['https://2130706433/token', 'The address is not on the public internet'],
    ['https://0x7f.1/token', 'The address is not on the public internet'],
    ['https://0177.0.0.1/token', 'The address is not on the public internet'],
    ['https://[::ffff:7f00:1]/token', 'The address is not on the public internet'],
    ['https://[64:ff9b::a9fe:a9fe]/token', 'The address is not on the public internet'],
    ['https://169.254.169.254/latest', 'The address is not on the public internet'],
    ['https://localhost/token', 'localhost: the address is not on the public internet'],
  ])('is refused as a token endpoint: %s', async (address, reason) => {
    const before = await listed()
    const { status, body } = await world.create({ name: 'Orders', ...endpoint(address) })
    expect([status, body]).toEqual([400, refusal('token_endpoint', reason)])
    expect(await listed()).toBe(before)
  })

  it.each([
    [
      'AUTH0',
      { type: 'OAUTH_APP', client_id: 'c', client_secret: 's', domain: '10.0.0.1' },
      refusal('domain', 'The address is not on the public internet'),
    ],
    [
      'SALESFORCE',
      { type: 'OAUTH_CODE', login_url: 'https://acme.my.salesforce.com:8443' },
      refusal('login_url', 'Only port 443 is called, not 8443'),
    ],
    [
      'OAUTH2',
      {
        type: 'AUTHORIZATION_CODE',
        client_id: 'c',
        authorization_url: 'https://idp.internal.example:8443/authorize',
        token_url: 'https://idp.internal.example/token',
        revocation_url: 'https://192.168.1.1/revoke',
      },
      refusal('revocation_url', 'The address is not on the public internet'),
    ],
  ])('is refused for %s, before anybody authorizes', async (app_id, setup, expected) => {
    const before = await listed()
    const { status, body } = await world.create({ name: 'Orders', app_id, setup })
    expect([status, body]).toEqual([400, expected])
    expect(await listed()).toBe(before)
  })

  it('is refused for a test call, which a static key is verified with', async () => {
    const setup = { type: 'API_KEY', api_key: 'key-000', base_url: 'https://10.1.2.3' }
    const { status, body } = await world.create(
      { name: 'Orders', app_id: 'ACTIVECAMPAIGN', setup },
      '?verify=true',
    )
    const reason = 'The address is not on the public internet'
    expect([status, body]).toEqual([400, refusal('base_url', reason)])
  })

  it('changes nothing in an update', async () => {
    const { body: created } = await world.create({
      name: 'Orders',
      app_id: 'OAUTH2',
      setup: world.machineSetup(),
    })
    const before = await world.view(created.id)
    const setup = world.machineSetup({ token_url: 'https://idp.example.com:8443/token' })
    const { status, body } = await world.call('PATCH', `${CONNECTIONS}/${created.id}`, { setup })
    expect([status, body]).toEqual([400, refusal('token_url', 'Only port 443 is called, not 8443')])
    expect(await world.view(created.id)).toEqual(before)
    expect((await world.fetchCredential(created.id)).status).toBe(200)
  })

  describe('beside others', () => {
    const PRIVATE = 'The address is not on the public internet'
    const wrong = {
      token_url: 'https://10.0.0.1/token',
      revocation_url: 'https://idp.example.com:8443/revoke',
      userinfo_url: 'https://localhost./me',
    }
    const told = [
      { path: 'setup.token_url', message: PRIVATE },
      { path: 'setup.revocation_url', message: 'Only port 443 is called, not 8443' },
      { path: 'setup.userinfo_url', message: 'A host name must not end in a dot' },
    ].map((each) => ({ ...each, code: 'value', allowed: ALLOWED }))
    const ofSetup = () => ({ name: 'Orders', app_id: 'OAUTH2', setup: world.codeSetup(wrong) })

    it.each(['', '?dry_run=true', '?verify=true'])('is told with each of them: %s', async (query) => {
      const { status, body } = await world.create(ofSetup(), query)
      expect([status, body.message]).toEqual([
        400,
        `Payload validation error: '${PRIVATE}' on property setup.token_url (${ALLOWED}).`,
      ])
      expect(body.errors).toEqual(told)
    })

    it('is told with whatever else is wrong with the body', async () => {
      const { setup } = ofSetup()
      const { status, body } = await world.create({
        ...{ name: '', app_id: 'OAUTH2', colour: 'red' },
        setup: { ...setup, shape: 'round', size: 3, authorization_url: 'http://a.example' },
      })
      expect(status).toBe(400)
      expect(body.errors.map(({ path }: { path: string }) => path).sort()).toEqual([
        'colour',
        'name',
        'setup.authorization_url',
        'setup.revocation_url',
        'setup.shape',
        'setup.size',
        'setup.token_url',
        'setup.userinfo_url',
      ])
    })

    it('is told of a change that keeps the grant, and of one that changes a part', async () => {
      const { body: created } = await world.create({
        name: 'Orders',
        app_id: 'OAUTH2',
        setup: world.codeSetup(),
      })
      const change = (body: object) => world.call('PATCH', `${CONNECTIONS}/${created.id}`, body)
      const whole = await change({ setup: world.codeSetup(wrong) })
      expect([whole.status, whole.body.errors]).toEqual([400, told])
      const part = await change({ setup_changes: wrong })
      const inPart = told.map((each) => ({ ...each, path: each.path.replace('setup', 'setup_changes') }))
      expect([part.status, part.body.errors]).toEqual([400, inPart])
    })

    it('is told of a grant that is brought along, and of an OAuth application', async () => {
      const imported = await world.create({ ...ofSetup(), grant: { refresh_token: 'brought-000' } })
      expect([imported.status, imported.body.errors]).toEqual([400, told])
      const { client_id, client_secret, ...setup } = world.codeSetup(wrong)
      const application = { app_id: 'OAUTH2', name: 'Shared', client_id, client_secret, setup }
      const made = await world.call('POST', '/api/v2/flows/vault/oauth-apps', application)
      expect([made.status, made.body.errors]).toEqual([400, told])
    })
  })

  it('is fine where only a browser goes: the authorization page may be anywhere', async () => {
    const setup = world.codeSetup({ authorization_url: 'https://idp.internal.example:8443/authorize' })
    const { status } = await world.create({ name: 'Orders', app_id: 'OAUTH2', setup })
    expect(status).toBe(201)
  })
})
