import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import type { GrantProfile } from '../../../../shared/domain/grant-profile.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
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
      ['read write', ['read', 'write']],
      ['read,write', ['read', 'write']],
      ['read, write', ['read', 'write']],
      [' read  read ', ['read']],
      [
        ['read', 'write'],
        ['read', 'write'],
      ],
      ['read|write', ['read', 'write']],
      ['read;write', ['read', 'write']],
      ['"read write"', ['read', 'write']],
      ['["read","write"]', ['read', 'write']],
      [
        ['read write', 'admin'],
        ['read', 'write', 'admin'],
      ],
      [
        [{ name: 'read' }, { scope: 'write' }, {}],
        ['read', 'write'],
      ],
      [{ read: true, write: false }, ['read']],
      [{ read: 'granted' }, undefined],
      ['', undefined],
      ['null', undefined],
      [null, undefined],
      [undefined, undefined],
      [7, undefined],
    ] as const)('reads the scope %j', async (scope, expected) => {
      expect((await main({ ...TOKEN, scope }))?.scopes).toEqual(expected)
    })

    it.each(['scopes', 'granted_scopes', 'scopes_granted', 'Scope'])(
      'reads scopes under the name %s',
      async (name) => {
        expect((await main({ ...TOKEN, [name]: ['read'] }))?.scopes).toEqual(['read'])
        expect((await main({ ...TOKEN, scope: 'write', [name]: ['read'] }))?.scopes).toEqual(['write'])
      },
    )

    it('leaves a comma in a scope that was asked for with it', async () => {
      const grant = await main({ ...TOKEN, scope: 'a,b c' }, { scopes: ['a,b', 'c'] })
      expect(grant?.scopes).toEqual(['a,b', 'c'])
    })

    it('reads no scopes where the profile says they are not told', async () => {
      const grant = await main({ ...TOKEN, scope: 'read' }, { profile: { answer: { scopesUnstated: true } } })
      expect(grant?.scopes).toBeUndefined()
    })

    it.each([
      ...[undefined, null, '', ' ', 'null', 'undefined', 'None', false, 0],
      ...['N/A', 'na', '-', '--', '(null)', '<null>', 'NaN', '""', '[]'],
    ])('leaves out a refresh token that is %p', async (refresh_token) => {
      const grant = await main({ ...TOKEN, refresh_token })
      expect(grant).not.toHaveProperty('refreshToken')
      expect(grant).not.toHaveProperty('notes')
    })

    it.each([{}, [], true])(
      'keeps the access token and notes a refresh token that is %j',
      async (refresh_token) => {
        const grant = await main({ ...TOKEN, refresh_token })
        expect(grant?.accessToken.reveal()).toBe('access-1')
        expect(grant).not.toHaveProperty('refreshToken')
        expect(grant?.notes).toEqual(['refresh_token_unusable'])
      },
    )

    it.each([
      [7, '7'],
      ['refresh-1\n', 'refresh-1'],
      ['\ufeffrefresh-1\r\n', 'refresh-1'],
      ['a\nb', 'a\nb'],
      ['tökén', 'tökén'],
      [' inner blanks stay ', ' inner blanks stay '],
      [['refresh-1'], 'refresh-1'],
      [{ token: 'refresh-1', expires_in: 60 }, 'refresh-1'],
      [{ value: 'refresh-1' }, 'refresh-1'],
    ])('keeps the refresh token %j, which goes back in a form', async (refresh_token, kept) => {
      const grant = await main({ ...TOKEN, refresh_token })
      expect(grant?.refreshToken?.reveal()).toBe(kept)
      expect(grant).not.toHaveProperty('notes')
    })

    it.each(['access-1\n', ' access-1 ', '\r\naccess-1', '\ufeffaccess-1'])(
      'takes what stands around the access token %j for none of it',
      async (access_token) => {
        expect((await main({ ...TOKEN, access_token }))?.accessToken.reveal()).toBe('access-1')
      },
    )

    const FORM = 'access_token=access-1&token_type=bearer&expires_in=600&refresh_token=r%2B1&scope=a%2Cb'
    it.each([
      ['a form', FORM, 'application/x-www-form-urlencoded'],
      ['a form with a charset', FORM, 'application/x-www-form-urlencoded; charset=utf-8'],
      ['a form as text', FORM, 'text/plain'],
      ['a form as HTML', FORM, 'text/html; charset=utf-8'],
      ['a form with a line end', `${FORM}\n`, 'application/x-www-form-urlencoded'],
      [
        'JSON behind a byte order mark',
        `\ufeff${JSON.stringify({ ...TOKEN, expires_in: 600, refresh_token: 'r+1' })}`,
        'application/json',
      ],
      [
        'JSON between line ends',
        `\r\n${JSON.stringify({ ...TOKEN, expires_in: 600, refresh_token: 'r+1' })}\n`,
        'application/json',
      ],
      [
        'JSON inside a JSON text',
        JSON.stringify(JSON.stringify({ ...TOKEN, expires_in: 600, refresh_token: 'r+1' })),
        'application/json',
      ],
    ])('reads %s', async (_what, text, type) => {
      endpoint.reply = (response) => response.writeHead(200, { 'content-type': type }).end(text)
      const outcome = await endpoint.ask()
      expect(outcome).toMatchObject({ kind: 'granted', grants: { main: { lifeMs: 600_000 } } })
      const grant = outcome.kind === 'granted' ? outcome.grants['main'] : undefined
      expect([grant?.accessToken.reveal(), grant?.refreshToken?.reveal()]).toEqual(['access-1', 'r+1'])
    })

    const INNER = { access_token: 'access-1', refresh_token: 'refresh-1', expires_in: 600 }
    it.each([
      ['Withings’ body', { status: 0, body: INNER }],
      ['data', { code: 0, message: 'success', data: INNER }],
      ['result', { success: true, result: INNER }],
      ['two levels', { data: { token: INNER } }],
      ['a list', [INNER]],
      ['a list inside', { tokens: [INNER] }],
      ['text inside', { data: JSON.stringify(INNER) }],
      ['capitals', { ACCESS_TOKEN: 'access-1', REFRESH_TOKEN: 'refresh-1', EXPIRES_IN: '600' }],
      ['words', { AccessToken: 'access-1', RefreshToken: 'refresh-1', ExpiresIn: 600 }],
      [
        'objects of their own',
        { access_token: { token: 'access-1', expires_in: 600 }, refresh_token: { value: 'refresh-1' } },
      ],
      [
        'objects beside each other',
        {
          access: { access_token: 'access-1', expires_in: 600 },
          refresh: { refresh_token: 'refresh-1', expires_in: 1800 },
        },
      ],
      ['dashes', { 'access-token': 'access-1', 'refresh-token': 'refresh-1', 'expires-in': 600 }],
      ['the company of an error that is none', { ...INNER, error: {}, errors: [] }],
      ['the company of an error that has a code for none', { ...INNER, error: { code: 'ok', log_id: '7' } }],
      ['the company of an error that is nought', { ...INNER, error: { code: 0, message: '' } }],
      ['the company of an error that is denied', { ...INNER, error: 'false' }],
      ['the company of an error that has no number', { ...INNER, error: 'undefined' }],
      [
        'a life beside the wrapper',
        { expires_in: 600, token: { access_token: 'access-1', refresh_token: 'refresh-1' } },
      ],
      [
        'other spelling',
        { accessToken: 'access-1', refreshToken: 'refresh-1', tokenType: 'Bearer', expiresIn: 600 },
      ],
    ])('reads an answer in %s', async (_what, body) => {
      const grant = await main(body)
      expect(grant).toMatchObject({ lifeMs: 600_000, expiryBasis: 'stated' })
      expect([grant?.accessToken.reveal(), grant?.refreshToken?.reveal()]).toEqual(['access-1', 'refresh-1'])
    })

    const GOOD = JSON.stringify(INNER)
    it.each([
      ['JSONP', `callback(${GOOD});`],
      ['a guard before it', `)]}'\n${GOOD}`],
      ['another guard', `while(1);${GOOD}`],
      ['something behind it', `${GOOD}\n<!-- 12 ms -->`],
      ['a warning before it', `<br />\n<b>Warning</b>: deprecated in index.php\n${GOOD}`],
      ['lines', 'access_token=access-1\nexpires_in=600\n'],
    ])('reads an answer in %s', async (_what, text) => {
      endpoint.reply = (response) => response.writeHead(200, { 'content-type': 'text/javascript' }).end(text)
      expect(await endpoint.ask()).toMatchObject({ kind: 'granted', grants: { main: { lifeMs: 600_000 } } })
    })

    it.each([
      ['gzip', gzipSync],
      ['x-gzip', gzipSync],
      ['GZIP', gzipSync],
      ['br', brotliCompressSync],
      ['deflate', deflateSync],
    ])('reads an answer in %s', async (coding, pack) => {
      endpoint.reply = (response) => response.writeHead(200, { 'content-encoding': coding }).end(pack(GOOD))
      expect(await endpoint.ask()).toMatchObject({ kind: 'granted', grants: { main: { lifeMs: 600_000 } } })
    })

    it.each([
      ['UTF-16, little end first', Buffer.from(`\ufeff${GOOD}`, 'utf16le'), {}],
      ['UTF-16, big end first', Buffer.from(`\ufeff${GOOD}`, 'utf16le').swap16(), {}],
      [
        'UTF-16 without a mark',
        Buffer.from(GOOD, 'utf16le'),
        { 'content-type': 'application/json; charset=utf-16' },
      ],
      [
        'UTF-8 that is called UTF-16',
        Buffer.from(GOOD),
        { 'content-type': 'application/json; charset=utf-16' },
      ],
      [
        'a charset that nobody knows',
        Buffer.from(GOOD),
        { 'content-type': 'application/json; charset=klingon' },
      ],
      ['gzip that no header tells of', gzipSync(GOOD), {}],
      ['deflate that no header tells of', deflateSync(GOOD), {}],
      ['deflate without its frame', deflateRawSync(GOOD), { 'content-encoding': 'deflate' }],
      ['zstd', zstdCompressSync(GOOD), { 'content-encoding': 'zstd' }],
      ['gzip, twice', gzipSync(gzipSync(GOOD)), { 'content-encoding': 'gzip, gzip' }],
      ['nothing, although a header says gzip', Buffer.from(GOOD), { 'content-encoding': 'gzip' }],
      ['nothing, although a header says br', Buffer.from(GOOD), { 'content-encoding': 'br' }],
      ['a coding that is none', Buffer.from(GOOD), { 'content-encoding': 'utf-8' }],
    ])('reads an answer that is %s', async (_what, bytes, headers) => {
      endpoint.reply = (response) => response.writeHead(200, headers as Record<string, string>).end(bytes)
      expect(await endpoint.ask()).toMatchObject({ kind: 'granted', grants: { main: { lifeMs: 600_000 } } })
    })

    it('reads the end of a refresh token from the object that is its own', async () => {
      const access = { access_token: 'access-1', expires_in: 600 }
      for (const refresh of [
        { refresh_token: 'refresh-1', expires_in: 1800 },
        { refresh_token: { token: 'refresh-1', expires_in: 1800 } },
      ]) {
        expect(await main({ access, refresh })).toMatchObject({ lifeMs: 600_000, refreshLifeMs: 1_800_000 })
      }
    })

    it('leaves the refresh token of another grant where it is', async () => {
      const other = { access_token: 'access-2', refresh_token: 'refresh-2' }
      expect(await main({ ...TOKEN, authed_user: other })).not.toHaveProperty('refreshToken')
    })

    it.each([201, 202, 203])('reads an answer of status %d', async (status) => {
      endpoint.reply = replyJson(status, INNER)
      expect(await endpoint.ask()).toMatchObject({ kind: 'granted' })
    })

    it('says at once that no refresh token came, where a person would have to come again', async () => {
      const code = { kind: 'authorization-code', code: new SecretText('code-1'), scopes: [] } as const
      const profile = { kind: 'authorization-code' } as const
      expect(await main(TOKEN, { grant: code, profile })).toMatchObject({ notes: ['no_refresh_token'] })
      const renewable = await main({ ...TOKEN, refresh_token: 'r' }, { grant: code, profile })
      expect(renewable).not.toHaveProperty('notes')
      const endless = { zeroMeans: 'never', whenAbsent: 'never' } as const
      const never = await main(
        { access_token: 'a' },
        { grant: code, profile: { ...profile, expiry: endless } },
      )
      expect(never).not.toHaveProperty('notes')
      expect(await main(TOKEN, { grant: REFRESH_GRANT, profile })).not.toHaveProperty('notes')
      expect(await main(TOKEN)).not.toHaveProperty('notes')
    })

    it('keeps the members the profile names, as text, and no others', async () => {
      const grant = await main(
        {
          ...TOKEN,
          api_domain: 'https://x.example.com',
          livemode: true,
          team: { id: 'T1' },
          list: [1],
          blank: ' ',
          long: 'x'.repeat(5_000),
          other: 'o',
        },
        {
          profile: {
            answer: { extra: ['api_domain', 'livemode', 'team.id', 'list', 'blank', 'long', 'missing'] },
          },
        },
      )
      expect(grant?.extra).toEqual({ api_domain: 'https://x.example.com', livemode: 'true', 'team.id': 'T1' })
    })

    it('keeps numbers that a double would round as they are', async () => {
      endpoint.reply = replyJson(
        200,
        '{"access_token":"access-1","refresh_token":12345678901234567890,"expires_in":3600.0,"id":-9007199254740993}',
      )
      const outcome = await endpoint.ask({ profile: { answer: { extra: ['id'] } } })
      const grant = outcome.kind === 'granted' ? outcome.grants['main'] : undefined
      expect(grant).toMatchObject({ lifeMs: 3_600_000, extra: { id: '-9007199254740993' } })
      expect(grant?.refreshToken?.reveal()).toBe('12345678901234567890')
    })

    it.each([
      [['refresh_token', 'user.refresh-token', 'id'], { user: { 'refresh-token': 'R2' } }],
      [['rt', 'tokens.rt', 'id'], { rt: 'R1', tokens: { rt: 'R1\n' } }],
    ])('gives flows no refresh token, whatever member is named: %j', async (extra, members) => {
      const body = { ...TOKEN, refresh_token: 'R1', id: 'I1', ...members }
      expect((await main(body, { profile: { answer: { extra } } }))?.extra).toEqual({ id: 'I1' })
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
