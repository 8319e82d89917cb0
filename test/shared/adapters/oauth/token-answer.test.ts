import type { GrantProfile } from '../../../../shared/domain/grant-profile.ts'
import type { TokenRequest } from '../../../../shared/ports/oauth-client.ts'
import {
  type AskOverrides,
  CANARY,
  REFRESH_GRANT,
  replyJson,
  TOKEN,
  TokenEndpoint,
} from '../../../support/token-endpoint.ts'

describe('OAuth4WebApiClient', () => {
  let endpoint: TokenEndpoint

  beforeAll(async () => {
    endpoint = await TokenEndpoint.start()
  })
  beforeEach(() => endpoint.seen.splice(0))
  afterAll(() => endpoint.close())

  describe('requestToken, granted', () => {
    const main = async (body: unknown, overrides: AskOverrides = {}) => {
      endpoint.reply = replyJson(200, body)
      const outcome = await endpoint.ask(overrides)
      if (outcome.kind !== 'granted') throw new Error(outcome.message)
      return outcome.grants['main']
    }

    it('hands the tokens over unprintable', async () => {
      endpoint.reply = replyJson(200, { ...TOKEN, access_token: CANARY, refresh_token: CANARY })
      const outcome = await endpoint.ask()
      expect(JSON.stringify(outcome)).not.toContain(CANARY)
      expect(outcome.kind === 'granted' && outcome.grants['main']?.accessToken.reveal()).toBe(CANARY)
    })

    it.each([
      ['as text/plain', 'text/plain'],
      ['as text/html', 'text/html'],
      ['without a type', ''],
    ])('reads JSON that comes %s', async (_how, type) => {
      endpoint.reply = (response) => {
        if (type) response.setHeader('content-type', type)
        response.end(JSON.stringify(TOKEN))
      }
      expect(await endpoint.ask()).toMatchObject({ kind: 'granted' })
    })

    it.each([
      ['read write', ' ', ['read', 'write']],
      ['read,write', ',', ['read', 'write']],
      ['read, write', ',', ['read', 'write']],
      ['a,b c', ' ', ['a,b', 'c']],
      [' read  read ', ' ', ['read']],
      [['read', 'write'], ' ', ['read', 'write']],
      ['', ' ', undefined],
      [null, ' ', undefined],
      [undefined, ' ', undefined],
      [7, ' ', undefined],
    ] as const)('reads the scope %j', async (scope, separator, expected) => {
      const grant = await main(
        { ...TOKEN, scope },
        { profile: { scopes: { separator, default: [], requested: true } } },
      )
      expect(grant?.scopes).toEqual(expected)
    })

    it('reads no scopes where the profile says they are not told', async () => {
      const grant = await main({ ...TOKEN, scope: 'read' }, { profile: { answer: { scopesUnstated: true } } })
      expect(grant?.scopes).toBeUndefined()
    })

    it.each([undefined, null, ''])('leaves out a refresh token that is %p', async (refresh_token) => {
      const grant = await main({ ...TOKEN, refresh_token })
      expect(grant).not.toHaveProperty('refreshToken')
      expect(grant).not.toHaveProperty('notes')
    })

    it.each([7, {}, 'a\nb'])(
      'keeps the access token and notes a refresh token that is %j',
      async (refresh_token) => {
        const grant = await main({ ...TOKEN, refresh_token })
        expect(grant?.accessToken.reveal()).toBe('access-1')
        expect(grant).not.toHaveProperty('refreshToken')
        expect(grant?.notes).toEqual(['refresh_token_unusable'])
      },
    )

    it('keeps the members the profile names, as text, and no others', async () => {
      const grant = await main(
        {
          ...TOKEN,
          api_domain: 'https://x.example.com',
          livemode: true,
          team: { id: 'T1' },
          list: [1],
          long: 'x'.repeat(5_000),
          other: 'o',
        },
        { profile: { answer: { extra: ['api_domain', 'livemode', 'team.id', 'list', 'long', 'missing'] } } },
      )
      expect(grant?.extra).toEqual({ api_domain: 'https://x.example.com', livemode: 'true', 'team.id': 'T1' })
    })

    describe('in a bundle', () => {
      const profile: Partial<GrantProfile> = {
        scopes: { separator: ',', default: [], requested: true },
        answer: {
          nestedGrant: { member: 'authed_user', name: 'user', scopeMember: 'scope' },
          tokenTypes: ['bot', 'user'],
        },
      }
      const user = {
        access_token: 'user-access',
        token_type: 'user',
        refresh_token: 'user-refresh',
        expires_in: 43_200,
        scope: 'search:read',
      }
      const bot = {
        ...TOKEN,
        token_type: 'bot',
        refresh_token: 'bot-refresh',
        scope: 'chat:write,files:read',
      }
      const grantsOf = async (body: unknown, grant?: TokenRequest['grant']) => {
        endpoint.reply = replyJson(200, body)
        const outcome = await endpoint.ask({ profile, ...(grant === undefined ? {} : { grant }) })
        if (outcome.kind !== 'granted') throw new Error(outcome.message)
        return Object.fromEntries(
          Object.entries(outcome.grants).map(([name, grant]) => [
            name,
            [grant.accessToken.reveal(), grant.refreshToken?.reveal(), grant.lifeMs, grant.scopes],
          ]),
        )
      }

      it('reads both grants, each with its own refresh token, life and scopes', async () => {
        expect(await grantsOf({ ...bot, authed_user: { id: 'U1', ...user } })).toEqual({
          main: ['access-1', 'bot-refresh', 3_600_000, ['chat:write', 'files:read']],
          user: ['user-access', 'user-refresh', 43_200_000, ['search:read']],
        })
      })

      it('reads the nested grant alone', async () => {
        expect(await grantsOf({ authed_user: user })).toEqual({
          user: ['user-access', 'user-refresh', 43_200_000, ['search:read']],
        })
      })

      it('gives a refreshed nested grant its own name, at the top or nested', async () => {
        const grant = { ...REFRESH_GRANT, grantName: 'user' } as TokenRequest['grant']
        expect(Object.keys(await grantsOf({ ...user, authed_user: { id: 'U1' } }, grant))).toEqual(['user'])
        expect(Object.keys(await grantsOf({ authed_user: user }, grant))).toEqual(['user'])
      })

      it('refuses the bundle when one of its grants is garbled', async () => {
        endpoint.reply = replyJson(200, { ...bot, authed_user: { ...user, access_token: 7 } })
        expect(await endpoint.ask({ profile })).toMatchObject({ kind: 'refused', code: 'invalid_answer' })
      })
    })

    describe('with a call that must follow', () => {
      const profile = (): Partial<GrantProfile> => ({
        answer: {
          metadataCall: {
            url: `${endpoint.url}/metadata`,
            authorization: 'OAuth {grant.access_token}',
            members: ['dc', 'accounts'],
          },
        },
      })

      it('keeps its members beside the token', async () => {
        endpoint.reply = (response, call) => {
          const body = call.path === '/token' ? TOKEN : { dc: 'us6', role: 'owner' }
          replyJson(200, body)(response, call)
        }
        const outcome = await endpoint.ask({ profile: profile() })
        expect(outcome).toMatchObject({ kind: 'granted', grants: { main: { extra: { dc: 'us6' } } } })
        expect(endpoint.seen[1]?.headers.authorization).toBe('OAuth access-1')
      })

      it('takes them from the entry of a list that is flagged', async () => {
        const list = [{ dc: 'eu1' }, { dc: 'na3', is_default: true }]
        endpoint.reply = (response, call) =>
          replyJson(200, call.path === '/token' ? TOKEN : { list })(response, call)
        const call = profile().answer?.metadataCall
        if (call === undefined) throw new Error('the profile has the call')
        const entry = { list: 'list', flag: 'is_default' }
        const outcome = await endpoint.ask({ profile: { answer: { metadataCall: { ...call, entry } } } })
        expect(outcome).toMatchObject({ grants: { main: { extra: { dc: 'na3' } } } })
      })

      it('tries twice, and keeps the token when it fails for good', async () => {
        endpoint.reply = (response, call) =>
          replyJson(call.path === '/token' ? 200 : 500, TOKEN)(response, call)
        const outcome = await endpoint.ask({ profile: profile() })
        expect(outcome).toMatchObject({
          kind: 'granted',
          grants: { main: { extra: {}, notes: ['metadata_unavailable'] } },
        })
        expect(endpoint.seen.map((call) => call.path)).toEqual(['/token', '/metadata', '/metadata'])
      })
    })
  })
})
