import { type AuthorizationServer, startAuthorizationServer } from '../support/authorization-server.ts'
import { CookieJar } from '../support/cookie-jar.ts'
import { CONNECTIONS } from '../support/grant-calls.ts'
import { trustedLoopbackCertificate } from '../support/loopback-tls.ts'
import { startVaultWithProvider, type VaultWithProvider } from '../support/vault-with-provider.ts'

/*
 * A tenant who knows another tenant's client id at a provider, and has a token endpoint of its own (RFC 9700 §4.4).
 * The provider, as all of them do, sends people only to the addresses that the client's owner registered.
 */
describe('a tenant that types another tenant’s client', () => {
  let world: VaultWithProvider
  let thief: AuthorizationServer
  let registered: string
  const EVIL = { tenant: 'evil' }

  beforeAll(async () => {
    const certificate = await trustedLoopbackCertificate()
    thief = await startAuthorizationServer({ tls: certificate })
    world = await startVaultWithProvider({ also: [thief.host] })
    const setup = publicSetup(world.provider.tokenUrl)
    const { id } = (await world.create({ name: 'Orders', app_id: 'OAUTH2', setup })).body
    registered = (await world.view(id)).callback_url
  })
  afterAll(async () => {
    await world.close()
    await thief.close()
  })

  const publicSetup = (tokenUrl: string) => ({
    type: 'AUTHORIZATION_CODE',
    client_id: world.provider.clients.app.id,
    authorization_url: world.provider.authorizationUrl,
    token_url: tokenUrl,
    token_endpoint_auth_method: 'none',
    scope: 'read',
  })
  async function evilLink(tokenUrl: string): Promise<URL> {
    const body = { name: 'x', app_id: 'OAUTH2', setup: publicSetup(tokenUrl) }
    const { id } = (await world.call('POST', CONNECTIONS, body, EVIL)).body
    const started = await world.call('POST', `${CONNECTIONS}/${id}/authorize`, {}, EVIL)
    return new URL(started.body.authorization_url)
  }

  it('asks the victim with an address that the provider does not know for that client', async () => {
    const link = await evilLink(thief.tokenUrl)
    const page = await (await fetch(link)).text()
    expect(page).toContain('<b>evil</b>')
    const url = new URL(await world.pressContinue(link.href))
    expect(url.searchParams.get('redirect_uri')).not.toBe(registered)
    expect(url.searchParams.get('redirect_uri')).toMatch(/\/oauth\/return\/ac_/)
  })

  it('gets no code when the answer is brought to the victim’s registered address', async () => {
    const link = await evilLink(thief.tokenUrl)
    const url = new URL(await world.pressContinue(link.href))
    url.searchParams.set('redirect_uri', registered)
    const callback = await world.provider.consent(url.href)
    expect(`${callback.origin}${callback.pathname}`).toBe(registered)
    expect((await world.open(callback)).status).toBe(400)
    expect(thief.tokenRequests).toEqual([])
  })

  it('gets no grant by a victim who follows the link after somebody else has gone on from it', async () => {
    const link = await evilLink(world.provider.tokenUrl)
    const callback = await world.provider.consent(await world.pressContinue(link.href))
    const victim = new CookieJar()
    const answer = await fetch(callback, { headers: { cookie: victim.cookies() } })
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('started elsewhere')
    expect(world.provider.tokenRequests).toEqual([])
  })

  it('is found out by an issuer of another origin where none is known', async () => {
    const link = await evilLink(thief.tokenUrl)
    const callback = await world.provider.consent(await world.pressContinue(link.href))
    callback.searchParams.set('iss', 'https://evil.example.test')
    expect((await world.open(callback)).text).toContain('did not come from the provider that was asked')
    expect(thief.tokenRequests).toEqual([])
  })
})

describe('a provider that names itself, and that nobody else has named', () => {
  let world: VaultWithProvider
  beforeAll(async () => {
    world = await startVaultWithProvider()
  })
  afterAll(() => world.close())

  it('is known by that name the next time', async () => {
    const body = { name: 'Orders', app_id: 'OAUTH2', setup: world.codeSetup({ issuer: undefined }) }
    const { id } = (await world.create(body)).body
    const answerOf = async (change: (callback: URL) => void) => {
      const callback = await world.consent(id)
      change(callback)
      return (await world.open(callback)).text
    }
    const mixedUp = 'did not come from the provider that was asked'
    const named = (iss: string) => (callback: URL) => callback.searchParams.set('iss', iss)
    expect(await answerOf(named('https://evil.example.test'))).toContain(mixedUp)
    expect(await answerOf(named(''))).toContain('is authorized')
    expect(await answerOf(() => {})).toContain('is authorized')
    const sent = world.provider.tokenRequests.length
    expect(await answerOf(named(`${world.provider.issuer}/another`))).toContain(mixedUp)
    expect(await answerOf((callback) => callback.searchParams.delete('iss'))).toContain(mixedUp)
    expect(await answerOf(named(''))).toContain(mixedUp)
    expect(world.provider.tokenRequests).toHaveLength(sent)
    expect(await answerOf(() => {})).toContain('is authorized')
  })
})
