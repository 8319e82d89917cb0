import { CONNECTIONS } from '../support/grant-calls.ts'
import { startVaultWithProvider, type VaultWithProvider } from '../support/vault-with-provider.ts'

describe('who authorized a connection', () => {
  let world: VaultWithProvider
  beforeAll(async () => {
    world = await startVaultWithProvider()
  })
  afterAll(() => world.close())

  async function connection(): Promise<string> {
    const setup = world.codeSetup({ scope: 'openid read write' })
    return (await world.create({ name: 'Orders', app_id: 'OAUTH2', setup })).body.id
  }
  /** The outcome, the page, and the connection afterwards. */
  async function authorize(id: string, account: string, body = {}) {
    const started = (await world.call('POST', `${CONNECTIONS}/${id}/authorize`, body)).body
    const url = await world.pressContinue(started.authorization_url)
    const page = await world.open(await world.provider.consent(url, { account }))
    const told = await world.call('GET', `/api/v2/flows/vault/authorizations/${started.authorization_id}`)
    return { told: told.body, page, view: await world.view(id) }
  }

  it('is kept, and told on the page, in the outcome and with the connection', async () => {
    const { told, page, view } = await authorize(await connection(), 'alice')
    expect(page.text).toContain('Orders is authorized as alice.')
    expect(told).toMatchObject({ outcome: 'granted', account: { id: 'alice' } })
    expect(view).toMatchObject({ account: { id: 'alice' }, status: 'ready' })
    expect(view['authorized_by']).toEqual(view['created_by'])
    expect(view.callback_url).toBe(`${world.vault.url}/oauth/return/${view.id}`)
  })

  it('may not become another account by accident, and may on purpose', async () => {
    const id = await connection()
    await authorize(id, 'alice')
    const before = (await world.fetchCredential(id)).body
    const { told, page, view } = await authorize(id, 'bob')
    expect(told).toMatchObject({ outcome: 'other_account', account: { id: 'bob' } })
    expect(page.text).toContain('You signed in as bob, and this connection is alice.')
    expect(view).toMatchObject({ account: { id: 'alice' }, status: 'ready', failure: null })
    expect((await world.fetchCredential(id)).body.fields).toEqual(before.fields)
    await expect(world.provider.isActive(before.fields.access_token)).resolves.toBe(true)
    const switched = await authorize(id, 'bob', { switch_account: true })
    expect(switched.told.outcome).toBe('granted')
    expect(switched.view.account).toEqual({ id: 'bob' })
  })

  it('has to be the account that is expected, whatever the connection has', async () => {
    const id = await connection()
    const other = await authorize(id, 'mallory', { expected_account: 'alice' })
    expect(other.told.outcome).toBe('other_account')
    expect(other.view).toMatchObject({ account: null, status: 'pending' })
    expect((await authorize(id, 'alice', { expected_account: 'alice' })).told.outcome).toBe('granted')
    expect(await authorize(id, 'alice', { expected_account: 'x'.repeat(256) }).catch(() => 'refused')).toBe(
      'refused',
    )
  })

  it('has to be told where an account is expected', async () => {
    const body = { name: 'Silent', app_id: 'OAUTH2', setup: world.codeSetup() }
    const { id } = (await world.create(body)).body
    const { told, page } = await authorize(id, 'alice', { expected_account: 'alice' })
    expect(told.outcome).toBe('other_account')
    expect(page.text).toContain('The provider did not say who authorized, and it has to be alice.')
  })
})
