import { SecretText } from '../../../../shared/domain/secret-text.ts'
import { buildAuthorizationUrl } from '../../../../shared/use-cases/authorize/build-authorization-url.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const CLIENT = { client_id: 'own-client-000', client_secret: 'own-secret-000' }
const BASIC = `Basic ${btoa('own-client-000:own-secret-000')}`

describe('a grant of a named service', () => {
  let world: GrantsUnderTest
  beforeEach(async () => {
    world = await startGrantsUnderTest()
  })
  afterEach(() => world.close())

  async function authorized(setup: Record<string, string>, answer: object = {}) {
    let n = 0
    world.provider.answerWith(({ parameters }) =>
      // The call that asks whose account it is goes unanswered: it is of no matter here.
      parameters['grant_type'] === undefined
        ? { status: 404 }
        : {
            body: {
              access_token: `access-${n}`,
              refresh_token: `refresh-${n++}`,
              token_type: 'Bearer',
              expires_in: 3600,
              ...answer,
            },
          },
    )
    const { id } = await world.create('OAUTH2', { type: 'AUTHORIZATION_CODE', ...CLIENT, ...setup })
    const page = await world.authorize(id)
    const finished = await world.finish(page.searchParams.get('state') ?? stateOfFragment(page))
    return { id, page, finished, sent: tokenRequests().at(-1)! }
  }

  const tokenRequests = () =>
    world.provider.requests.filter(({ parameters }) => parameters['grant_type'] !== undefined)

  /** Renews it, and answers with what was sent. */
  async function renewed(id: string) {
    await world.clock.advance(2 * 3_600_000)
    await world.fetch(id)
    return tokenRequests().at(-1)!
  }

  it('asks at its page and at its token endpoint, as that service wants it', async () => {
    const { id, page, finished, sent } = await authorized({ provider: 'reddit', scope: 'read identity' })
    expect(page.origin + page.pathname).toBe('https://www.reddit.com/api/v1/authorize')
    expect(Object.fromEntries(page.searchParams)).toMatchObject({
      client_id: 'own-client-000',
      duration: 'permanent',
      scope: 'read identity',
    })
    expect(sent).toMatchObject({ host: 'www.reddit.com', path: '/api/v1/access_token', authorization: BASIC })
    expect(finished).toMatchObject({ end: { outcome: 'granted' } })
    expect(await world.row(id)).toMatchObject({ status: 'ready', setupType: 'AUTHORIZATION_CODE:reddit' })
    expect(await world.fetch(id)).toMatchObject({
      request: { headers: { Authorization: 'Bearer access-0' }, base_url: 'https://oauth.reddit.com' },
    })
  })

  it.each([
    [{ provider: 'gitlab' }, 'gitlab.com', {}],
    [{ provider: 'gitlab', host: 'git.acme.example' }, 'git.acme.example', {}],
    [{ provider: 'zoho', dc: 'eu' }, 'accounts.zoho.eu', { access_type: 'offline', prompt: 'consent' }],
    [{ provider: 'tempo', site: 'acme' }, 'api.tempo.io', { jira_url: 'https://acme.atlassian.net' }],
  ])('goes with %j to %s', async (setup, host, parameters) => {
    const { page, sent } = await authorized(setup)
    expect(Object.fromEntries(page.searchParams)).toMatchObject(parameters)
    expect(sent.host).toBe(host)
  })

  it('calls the client by the name that the service has for it', async () => {
    const { page, sent } = await authorized({ provider: 'tiktok', scope: 'user.info.basic,video.list' })
    expect(page.searchParams.get('client_key')).toBe('own-client-000')
    expect(page.searchParams.has('client_id')).toBe(false)
    expect(sent.parameters).toMatchObject({ client_key: 'own-client-000', client_secret: 'own-secret-000' })
    expect(sent.parameters).not.toHaveProperty('client_id')
  })

  it('renews where the service renews, with the parameters of a renewal', async () => {
    const figma = await authorized({ provider: 'figma' })
    expect(await renewed(figma.id)).toMatchObject({ host: 'api.figma.com', path: '/v1/oauth/refresh' })
    const basecamp = await authorized({ provider: 'basecamp' })
    expect(basecamp.sent.parameters).toMatchObject({ type: 'web_server' })
    expect((await renewed(basecamp.id)).parameters).toMatchObject({ type: 'refresh' })
  })

  it('sends a nonce that is new each time where one is asked for, and none elsewhere', async () => {
    const first = (await authorized({ provider: 'hubstaff' })).page.searchParams.get('nonce')
    const second = (await authorized({ provider: 'hubstaff' })).page.searchParams.get('nonce')
    expect(first).toMatch(/^[\w-]{43}$/)
    expect(second).not.toBe(first)
    expect((await authorized({ provider: 'reddit' })).page.searchParams.has('nonce')).toBe(false)
  })

  it('names the way back as the service does, and shows no challenge to one that refuses it', async () => {
    const { page, sent } = await authorized({ provider: 'printful' })
    expect(page.searchParams.get('redirect_url')).toBe(sent.parameters['redirect_uri'])
    expect(Object.fromEntries(page.searchParams)).not.toHaveProperty('redirect_uri')
    expect(Object.fromEntries(page.searchParams)).not.toHaveProperty('code_challenge')
    expect(sent.parameters).not.toHaveProperty('code_verifier')
  })

  it('puts the parameters behind a fragment that routes to the page', async () => {
    const { page } = await authorized({ provider: 'apollo' })
    expect(page.href).toMatch(/^https:\/\/app\.apollo\.io\/#\/oauth\/authorize\?response_type=code&/)
  })

  it('mints for a machine by the grant that the service has for it', async () => {
    world.provider.answerWith(() => ({
      body: { access_token: 'access-0', token_type: 'bearer', expires_in: 3600 },
    }))
    const setup = { type: 'CLIENT_CREDENTIALS', provider: 'zoom', account_id: 'account-000', ...CLIENT }
    const { id } = await world.create('OAUTH2', setup)
    expect(world.provider.requests.at(-1)).toMatchObject({
      host: 'zoom.us',
      parameters: { grant_type: 'account_credentials', account_id: 'account-000' },
      authorization: BASIC,
    })
    expect(await world.row(id)).toMatchObject({ status: 'ready', setupType: 'CLIENT_CREDENTIALS:zoom' })
  })

  it.each([
    ['a pair of the catalogue', { provider: 'google' }, undefined],
    [
      'two hosts that a person typed',
      { provider: 'looker', host: 'a.example', api_host: 'b.test' },
      'https://b.test',
    ],
  ])('warns of another site at the token endpoint for %s: %j', async (_, setup, tokenOrigin) => {
    const { id } = await world.create('OAUTH2', { type: 'AUTHORIZATION_CODE', ...CLIENT, ...setup })
    const row = await world.row(id)
    const request = {
      tenant: world.tenant,
      id,
      setupType: row.setupType!,
      state: new SecretText('s'.repeat(43)),
    }
    const url = await buildAuthorizationUrl(world.ports, {
      ...request,
      redirectUri: 'https://vault.example.test/cb',
    })
    expect(url).toMatchObject({ kind: 'url' })
    expect('tokenOrigin' in url ? url.tokenOrigin : undefined).toBe(tokenOrigin)
  })

  it('lets a person say more than the service’s usual words', async () => {
    const { page } = await authorized({ provider: 'atlassian', audience: 'https://other.example' })
    expect(page.searchParams.get('audience')).toBe('https://other.example')
    const usual = (await authorized({ provider: 'atlassian' })).page
    expect(usual.searchParams.get('audience')).toBe('api.atlassian.com')
  })
})

function stateOfFragment(page: URL): string | null {
  return new URLSearchParams(page.hash.split('?')[1]).get('state')
}
