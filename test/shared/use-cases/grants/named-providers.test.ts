import { fullConnectionView } from '../../../../functions/api/connection-view.ts'
import { findConnector } from '../../../../shared/connectors/catalogue.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'
import type { ProviderRequest, ScriptedAnswer } from '../../../support/scripted-provider.ts'
import {
  BASE_URLS,
  CODE_APPS,
  FOLLOW_UPS,
  TOKEN_ANSWERS,
  TOKEN_HOSTS,
} from '../../../support/vendor-answers.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

describe('the code apps', () => {
  let world: GrantsUnderTest
  beforeEach(async () => {
    world = await startGrantsUnderTest()
  })
  afterEach(() => world.close())

  /** Token requests get the app's answers in turn, and the follow-up calls what they ask for. */
  function play(appId: string, answers: (n: number) => object = TOKEN_ANSWERS[appId]!): void {
    let n = 0
    world.provider.answerWith((request): ScriptedAnswer => {
      const followUp = FOLLOW_UPS[request.path]
      if (followUp !== undefined) return { body: followUp }
      return { body: answers(n++) }
    })
  }
  const tokenRequests = (): ProviderRequest[] =>
    world.provider.requests.filter(({ parameters }) => parameters['grant_type'] !== undefined)

  async function authorized(appId: string): Promise<string> {
    await world.addApplication(appId)
    const { id } = await world.create(appId)
    const url = await world.authorize(id)
    await world.finish(url.searchParams.get('state'))
    return id
  }

  it('are eight, and every one of them is played here', () => {
    const apps = CODE_APPS.filter((appId) =>
      findConnector(appId)?.setups.some(({ type }) => type === 'OAUTH_CODE'),
    )
    expect(apps).toHaveLength(8)
  })

  it.each(CODE_APPS)('%s comes in by a code in the setup', async (appId) => {
    play(appId)
    await world.addApplication(appId)
    const setup = {
      type: 'OAUTH_CODE',
      code: 'code-from-elsewhere',
      redirect_uri: 'https://console.example.test/cb',
    }
    const row = await world.create(appId, setup)
    expect(row.status).toBe('ready')
    expect(tokenRequests()).toHaveLength(1)
    expect(tokenRequests()[0]).toMatchObject({
      host: TOKEN_HOSTS[appId],
      parameters: { grant_type: 'authorization_code', code: 'code-from-elsewhere' },
    })
    expect(await world.fetch(row.id)).toMatchObject({ request: { base_url: BASE_URLS[appId] } })
  })

  it.each(CODE_APPS)(
    '%s comes in by the browser, and keeps nothing of the client in what flows get',
    async (appId) => {
      play(appId)
      await world.addApplication(appId)
      const { id } = await world.create(appId)
      const url = await world.authorize(id)
      expect(url.protocol).toBe('https:')
      expect(url.searchParams.get('client_id')).toBe('application-id-000')
      const profile = findConnector(appId)?.setups.find(({ type }) => type === 'OAUTH_CODE')?.grant
      expect(url.searchParams.get('code_challenge_method')).toBe(profile?.pkce === 'S256' ? 'S256' : null)
      const finished = await world.finish(url.searchParams.get('state'))
      expect(finished).toMatchObject({ end: { outcome: 'granted' } })
      expect(await world.row(id)).toMatchObject({ id, status: 'ready' })
      const credential = await world.fetch(id)
      expect(credential.request.base_url).toBe(BASE_URLS[appId])
      expect(credential.request.headers.Authorization).toBe(`Bearer ${credential.fields.access_token}`)
      expect(JSON.stringify(credential)).not.toMatch(/application-secret|refresh/)
    },
  )

  describe('Slack', () => {
    const bundle = (n: number) => ({
      ...TOKEN_ANSWERS['SLACK']?.(n),
      refresh_token: `xoxe-1-bot-${n}`,
      expires_in: 43_200,
      authed_user: {
        id: 'U111',
        scope: 'search:read',
        access_token: `xoxe.xoxp-${n}`,
        token_type: 'user',
        refresh_token: `xoxe-1-user-${n}`,
        expires_in: 43_200,
      },
    })
    /** A refresh answers with the one grant it was for, at the top. */
    const answerTo = (request: ProviderRequest, n: number): object => {
      const sent = request.parameters['refresh_token']
      if (sent === undefined) return bundle(n)
      const isUser = sent.includes('user')
      return {
        ok: true,
        access_token: `${isUser ? 'xoxe.xoxp' : 'xoxe.xoxb'}-${n}`,
        token_type: isUser ? 'user' : 'bot',
        refresh_token: `xoxe-1-${isUser ? 'user' : 'bot'}-${n}`,
        expires_in: 43_200,
      }
    }

    it('keeps bot and person as two grants, and rotates both, each with its own refresh token', async () => {
      let n = 0
      world.provider.answerWith((request) => ({ body: answerTo(request, n++) }))
      const id = await authorized('SLACK')
      const first = await world.fetch(id)
      expect(first.fields).toMatchObject({ access_token: 'xoxe.xoxb-0', user_access_token: 'xoxe.xoxp-0' })
      expect(Object.keys((await world.row(id)).grants ?? {})).toEqual(['main', 'user'])
      await world.clock.advance(12 * HOUR_MS)
      const second = await world.fetch(id)
      expect(second.fields).toMatchObject({ access_token: 'xoxe.xoxb-1', user_access_token: 'xoxe.xoxp-2' })
      const sent = tokenRequests().map(({ parameters }) => parameters['refresh_token'])
      expect(sent).toEqual([undefined, 'xoxe-1-bot-0', 'xoxe-1-user-0'])
      // The next turn goes on from where each of them is.
      await world.clock.advance(12 * HOUR_MS)
      await world.fetch(id)
      const next = tokenRequests().map(({ parameters }) => parameters['refresh_token'])
      expect(next.slice(3)).toEqual(['xoxe-1-bot-1', 'xoxe-1-user-2'])
    })

    it('keeps the one that was renewed when the other fails', async () => {
      let n = 0
      world.provider.answerWith((request) => {
        if (request.parameters['refresh_token']?.includes('user')) {
          return { body: { ok: false, error: 'ratelimited' } }
        }
        return { body: answerTo(request, n++) }
      })
      const id = await authorized('SLACK')
      await world.clock.advance(11 * HOUR_MS)
      await world.sweep()
      expect(await world.row(id)).toMatchObject({
        status: 'degraded',
        failure: { class: 'passing', code: 'ratelimited' },
      })
      expect((await world.fetch(id)).fields).toMatchObject({
        access_token: 'xoxe.xoxb-1',
        user_access_token: 'xoxe.xoxp-0',
      })
    })

    it('takes HTTP 200 with ok false for the failure it is', async () => {
      play('SLACK')
      world.provider.answerWith(() => ({ body: { ok: false, error: 'invalid_code' } }))
      await world.addApplication('SLACK')
      const { id } = await world.create('SLACK')
      const url = await world.authorize(id)
      const finished = await world.finish(url.searchParams.get('state'))
      expect(finished).toMatchObject({
        end: { outcome: 'failed', words: expect.stringContaining('invalid_code'), code: 'invalid_code' },
      })
      // The operator finds in the connection what the person was told.
      expect(await world.row(id)).toMatchObject({
        status: 'empty',
        failure: {
          code: 'invalid_code',
          message: expect.stringMatching(/Authorize the connection again\.$/),
        },
      })
      play('SLACK')
      await world.connect(id)
      expect(await world.row(id)).toMatchObject({ status: 'ready' })
      expect((await world.row(id)).failure).toBeUndefined()
    })

    it('takes scopes that are separated as Slack does, each once', async () => {
      world.provider.answerWith(() => ({ body: { ...bundle(0), scope: 'chat:write,channels:read' } }))
      await world.addApplication('SLACK')
      const { id } = await world.create('SLACK')
      const scopes = ['chat:write,channels:read', 'chat:write']
      const url = await world.authorize(id, { scopes })
      expect(url.searchParams.get('scope')).toBe('chat:write,channels:read')
      await world.finish(url.searchParams.get('state'))
      expect(await world.row(id)).toMatchObject({
        status: 'ready',
        requiredScopes: ['chat:write', 'channels:read'],
      })
    })

    it('has no end without token rotation: nothing is swept, asked or degraded', async () => {
      play('SLACK')
      const id = await authorized('SLACK')
      await world.clock.advance(365 * DAY_MS)
      await world.sweep()
      const credential = await world.fetch(id, 3600)
      expect(credential).toMatchObject({ expires_at: null, usable_for_seconds: null })
      expect(await world.row(id)).toMatchObject({
        status: 'ready',
        grants: { main: { expiryBasis: 'never' } },
      })
      expect(tokenRequests()).toHaveLength(1)
    })

    it('renews the person’s grant beside a bot’s that has no end', async () => {
      let n = 0
      world.provider.answerWith((request) => {
        if (request.parameters['refresh_token'] !== undefined) return { body: answerTo(request, n++) }
        const { refresh_token: _bots, expires_in: _never, ...bot } = bundle(n++)
        return { body: bot }
      })
      const id = await authorized('SLACK')
      const result = await world.ports.grants.rotate({ tenant: world.tenant, id, cause: 'manual' }, 1000)
      expect(result.kind).toBe('rotated')
      expect((await world.fetch(id)).fields).toMatchObject({
        access_token: 'xoxe.xoxb-0',
        user_access_token: 'xoxe.xoxp-1',
      })
    })

    it('is asked to rotate in vain without token rotation, and is none the worse', async () => {
      play('SLACK')
      const id = await authorized('SLACK')
      const before = await world.row(id)
      const result = await world.ports.grants.rotate({ tenant: world.tenant, id, cause: 'manual' }, 1000)
      expect(result.kind).toBe('nothing')
      expect(await world.row(id)).toEqual(before)
      expect(tokenRequests()).toHaveLength(1)
    })
  })

  it.each(['MAILCHIMP', 'PIPEDRIVE'])(
    '%s: is asked for no scopes, and says so to who names some',
    async (appId) => {
      await world.addApplication(appId)
      const { id } = await world.create(appId)
      await expect(world.authorize(id, { scopes: ['deals:read'] })).rejects.toMatchObject({
        code: 'invalid-body',
        detail: { field: 'scopes' },
      })
    },
  )

  it('Mailchimp: expires_in 0 means never, and the data centre comes from a second call', async () => {
    play('MAILCHIMP')
    const id = await authorized('MAILCHIMP')
    const metadata = world.provider.requests.find(({ path }) => path === '/oauth2/metadata')
    expect(metadata).toMatchObject({ host: 'login.mailchimp.com', authorization: 'OAuth mailchimp-access' })
    await world.clock.advance(365 * DAY_MS)
    expect(await world.fetch(id)).toMatchObject({
      expires_at: null,
      fields: { access_token: 'mailchimp-access', data_center: 'us21' },
      request: { base_url: 'https://us21.api.mailchimp.com' },
    })
  })

  it.each([
    ['MAILCHIMP', 'did not tell dc, so flows get no base URL. Authorize the connection again.'],
    ['DOCUSIGN', 'did not tell account_id, base_uri, so flows get no base URL. Rotate or authorize'],
  ])(
    '%s: is degraded with the reason while the second call fails, until it is known',
    async (appId, reason) => {
      let n = 0
      let failing = true
      world.provider.answerWith(({ path }): ScriptedAnswer => {
        const followUp = FOLLOW_UPS[path]
        if (followUp === undefined) return { body: TOKEN_ANSWERS[appId]!(n++) }
        return failing ? { status: 500 } : { body: followUp }
      })
      const id = await authorized(appId)
      const row = await world.row(id)
      expect(row).toMatchObject({ status: 'degraded', statusReason: expect.stringContaining(reason) })
      expect(fullConnectionView(row, { answerTo: 'read', nowMs: world.clock.nowMs() }).notes).toEqual([
        { code: 'metadata_unavailable', message: expect.stringContaining('Authorize again.') },
      ])
      // The token itself works, and is handed out.
      const { request, fields } = await world.fetch(id)
      expect(fields).toHaveProperty('access_token')
      expect(request).not.toHaveProperty('base_url')
      failing = false
      const url = await world.authorize(id)
      await world.finish(url.searchParams.get('state'))
      expect(await world.row(id)).toMatchObject({ status: 'ready' })
      expect((await world.fetch(id)).request.base_url).toBe(BASE_URLS[appId])
      expect(
        fullConnectionView(await world.row(id), { answerTo: 'read', nowMs: world.clock.nowMs() }).notes,
      ).toEqual([])
    },
  )

  it('DocuSign: keeps what an earlier call told when a later one fails', async () => {
    play('DOCUSIGN')
    const id = await authorized('DOCUSIGN')
    const answers = TOKEN_ANSWERS['DOCUSIGN']!
    world.provider.answerWith(({ path }) =>
      FOLLOW_UPS[path] === undefined ? { body: answers(1) } : { status: 500 },
    )
    const rotated = await world.ports.grants.rotate({ tenant: world.tenant, id, cause: 'manual' }, 1000)
    expect(rotated.kind).toBe('rotated')
    expect(await world.row(id)).toMatchObject({ status: 'ready' })
    expect((await world.fetch(id)).request.base_url).toBe(BASE_URLS['DOCUSIGN'])
  })

  it('Salesforce: assumes a life that nobody states, and follows an instance that moves', async () => {
    play('SALESFORCE')
    const id = await authorized('SALESFORCE')
    expect((await world.row(id)).grants?.['main']).toMatchObject({ expiryBasis: 'assumed' })
    expect((await world.fetch(id)).usable_for_seconds).toBe(7200)
    await world.clock.advance(2 * HOUR_MS)
    expect(await world.fetch(id)).toMatchObject({
      request: { base_url: 'https://acme-1.my.salesforce.com' },
      fields: { access_token: 'salesforce-access-1', instance_url: 'https://acme-1.my.salesforce.com' },
    })
    // The answer to a refresh holds no refresh token: the old one stays.
    await world.clock.advance(2 * HOUR_MS)
    await world.fetch(id)
    expect(tokenRequests().map(({ parameters }) => parameters['refresh_token'])).toEqual([
      undefined,
      'salesforce-refresh',
      'salesforce-refresh',
    ])
  })

  it('Salesforce: hands out no base URL of a host that is not Salesforce’s', async () => {
    play('SALESFORCE', (n) => ({
      ...TOKEN_ANSWERS['SALESFORCE']?.(n),
      instance_url: 'https://evil.example.test',
    }))
    const id = await authorized('SALESFORCE')
    expect((await world.fetch(id)).request.base_url).toBeUndefined()
  })

  it('HubSpot: a life of half an hour is renewed by the sweep before it ends', async () => {
    play('HUBSPOT')
    const id = await authorized('HUBSPOT')
    await world.clock.advance(25 * 60_000)
    await world.sweep()
    expect((await world.row(id)).credentialVersion).toBe(2)
    const credential = await world.fetch(id)
    expect(credential.fields.access_token).toBe('hubspot-access-1')
    expect(credential.usable_for_seconds).toBe(1800)
  })

  it('Pipedrive: the base URL is the account’s own', async () => {
    play('PIPEDRIVE')
    const id = await authorized('PIPEDRIVE')
    expect((await world.fetch(id)).fields).toEqual({
      access_token: 'pipedrive-access-0',
      api_domain: 'https://acme.pipedrive.com',
    })
  })

  it('Google: fewer scopes than asked for are seen, with the list', async () => {
    play('GOOGLE_SHEETS', () => ({
      ...TOKEN_ANSWERS['GOOGLE_SHEETS']?.(0),
      scope: 'https://www.googleapis.com/auth/userinfo.email openid',
    }))
    const id = await authorized('GOOGLE_SHEETS')
    expect(await world.row(id)).toMatchObject({
      status: 'degraded',
      statusReason: expect.stringContaining('Missing: https://www.googleapis.com/auth/spreadsheets.'),
    })
  })

  it('Stripe: hands over the account and its publishable key', async () => {
    play('STRIPE')
    const id = await authorized('STRIPE')
    expect((await world.fetch(id)).fields).toEqual({
      access_token: 'sk_acct_000',
      stripe_user_id: 'acct_000',
      public_key: 'pk_acct_000',
      livemode: 'false',
    })
  })
})
