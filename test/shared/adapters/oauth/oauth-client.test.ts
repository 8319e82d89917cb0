import { generateKeyPairSync } from 'node:crypto'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { createLocalJWKSet, exportJWK, jwtVerify } from 'jose'
import type { GrantProfile } from '../../../../shared/domain/grant-profile.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import type { TokenOutcome, TokenRequest } from '../../../../shared/ports/oauth-client.ts'
import { type LocalServer, startLocalServer } from '../../../support/local-server.ts'
import { oauthClientFor, profileWith, tokenRequestWith } from '../../../support/oauth-client-under-test.ts'

/** Planted in every place a provider could echo; none may show in an outcome's message. */
const CANARY = 'canary-6f1ed002ab5595859014ebf0951522d9'

interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

type Reply = (response: ServerResponse, seen: Seen) => void

describe('OAuth4WebApiClient', () => {
  let server: LocalServer
  let reply: Reply
  const seen: Seen[] = []

  beforeAll(async () => {
    server = await startLocalServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const { method = '', url = '', headers } = request
      const call = { method, path: url, headers, body: Buffer.concat(chunks).toString('utf8') }
      seen.push(call)
      reply(response, call)
    })
  })
  beforeEach(() => seen.splice(0))
  afterAll(() => server.close())

  const json = (status: number, body: unknown, headers: Record<string, string> = {}): Reply => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    return (response) =>
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text)
  }

  const refreshGrant: TokenRequest['grant'] = {
    kind: 'refresh-token',
    refreshToken: new SecretText(`refresh-${CANARY}`),
    grantName: 'main',
    extra: {},
  }

  function ask(
    overrides: Omit<Parameters<typeof tokenRequestWith>[0], 'profile'> & {
      readonly profile?: Partial<GrantProfile>
    } = {},
  ): Promise<TokenOutcome> {
    const { profile, setup, ...rest } = overrides
    return oauthClientFor(server.host).requestToken(
      tokenRequestWith({
        client: { id: 'client-1', secret: new SecretText(`secret-${CANARY}`) },
        profile: profileWith(profile),
        setup: { token_url: `${server.url}/token`, ...setup },
        ...rest,
      }),
    )
  }

  const token = { access_token: 'access-1', token_type: 'Bearer', expires_in: 3600 }

  describe('requestToken, refused', () => {
    const echo = { error_description: CANARY, error_uri: `https://${CANARY}.example.com` }

    it.each([
      // RFC 6749 §5.2, every code, at the statuses it names.
      [400, 'invalid_request', 'refused'],
      [400, 'invalid_client', 'app-broken'],
      [401, 'invalid_client', 'app-broken'],
      [400, 'invalid_grant', 'grant-dead'],
      [401, 'invalid_grant', 'grant-dead'],
      [403, 'invalid_grant', 'grant-dead'],
      [400, 'unauthorized_client', 'app-broken'],
      [403, 'unauthorized_client', 'app-broken'],
      [400, 'unsupported_grant_type', 'refused'],
      [400, 'invalid_scope', 'refused'],
      // Its neighbours.
      [400, 'invalid_target', 'refused'],
      [403, 'access_denied', 'refused'],
      [400, 'interaction_required', 'grant-dead'],
      [400, 'temporarily_unavailable', 'passing'],
      [400, 'slow_down', 'passing'],
      [400, 'server_error', 'unknown'],
      // The same with HTTP 200.
      [200, 'invalid_grant', 'grant-dead'],
      [200, 'invalid_client', 'app-broken'],
    ])('takes HTTP %i %s for %s', async (status, error, kind) => {
      reply = json(status, { error, ...echo })
      const outcome = await ask({ grant: refreshGrant })
      expect(outcome).toMatchObject({ kind, code: error, httpStatus: status })
      expect(JSON.stringify(outcome)).not.toContain(CANARY)
    })

    it.each([
      [400, { error: CANARY, ...echo }, 'refused', 'provider_error'],
      [400, { error: 'constructor' }, 'refused', 'provider_error'],
      [400, { error: { code: 'invalid_grant' } }, 'refused', 'http_error'],
      [400, { error: 7 }, 'refused', 'http_error'],
      [400, ['invalid_grant'], 'refused', 'http_error'],
      [400, `<html>${CANARY}</html>`, 'refused', 'http_error'],
      [401, '', 'refused', 'http_error'],
      [404, CANARY, 'refused', 'http_error'],
      [408, '', 'unknown', 'server_error'],
      [425, '', 'passing', 'temporarily_unavailable'],
      [500, { error: 'invalid_grant' }, 'unknown', 'server_error'],
      [502, CANARY, 'unknown', 'server_error'],
      [503, CANARY, 'unknown', 'server_error'],
      [504, '', 'unknown', 'server_error'],
      [302, '', 'refused', 'redirect'],
      [307, '', 'refused', 'redirect'],
    ])('takes HTTP %i %j for %s %s', async (status, body, kind, code) => {
      reply = json(status, body, { location: `${server.url}/other` })
      const outcome = await ask({ grant: refreshGrant })
      expect(outcome).toMatchObject({ kind, code, httpStatus: status })
      expect(JSON.stringify(outcome)).not.toContain(CANARY)
      expect(seen.map((call) => call.path)).toEqual(['/token'])
    })

    it.each([
      [429, {}, undefined],
      [429, { 'retry-after': '120' }, 120_000],
      [429, { 'retry-after': '0' }, 0],
      [429, { 'retry-after': '999999' }, 3_600_000],
      [429, { 'retry-after': 'soon' }, undefined],
      [429, { 'retry-after': '-5' }, undefined],
      [429, { 'retry-after': 'Sun, 06 Nov 1994 08:49:37 GMT' }, 0],
      [429, { 'retry-after': 'Fri, 01 Jan 2100 00:00:00 GMT' }, 3_600_000],
      [503, { 'retry-after': '30' }, 30_000],
    ])('takes HTTP %i with %j for passing', async (status, headers, retryAfterMs) => {
      reply = json(status, { error: 'invalid_grant' }, headers as Record<string, string>)
      const outcome = await ask({ grant: refreshGrant })
      expect(outcome.kind).toBe('passing')
      expect('retryAfterMs' in outcome ? outcome.retryAfterMs : undefined).toBe(retryAfterMs)
    })

    it('says that a policy, not a person, ended Google’s grant', async () => {
      reply = json(400, { error: 'invalid_grant', error_subtype: 'invalid_rapt', ...echo })
      const outcome = await ask({ grant: refreshGrant })
      expect(outcome).toMatchObject({ kind: 'grant-dead', code: 'invalid_grant' })
      expect(outcome).toHaveProperty('message', expect.stringContaining('policy'))
    })

    const slack: Partial<GrantProfile> = {
      answer: {
        okMember: {
          member: 'ok',
          errorMember: 'error',
          map: { invalid_refresh_token: 'invalid_grant', bad_client_secret: 'invalid_client' },
        },
      },
    }
    it.each([
      [{ ok: false, error: 'invalid_refresh_token' }, 'grant-dead', 'invalid_grant'],
      [{ ok: false, error: 'bad_client_secret' }, 'app-broken', 'invalid_client'],
      [{ ok: false, error: CANARY }, 'refused', 'provider_error'],
      [{ ok: false }, 'refused', 'provider_error'],
      [{ ok: 'true', ...token }, 'refused', 'provider_error'],
    ])('reads failures that come with HTTP 200: %j', async (body, kind, code) => {
      reply = json(200, body)
      const outcome = await ask({ grant: refreshGrant, profile: slack })
      expect(outcome).toMatchObject({ kind, code })
      expect(JSON.stringify(outcome)).not.toContain(CANARY)
    })
  })

  describe('requestToken, with a success that cannot be used', () => {
    it.each([
      ['HTML', `<html>${CANARY}</html>`],
      ['nothing', ''],
      ['a list', [token]],
      ['null', 'null'],
      ['a number', '7'],
      ['JSON cut short', '{"access_token":"'],
      ['NaN', '{"access_token":"access-1","token_type":"Bearer","expires_in":NaN}'],
      ['no access token', { token_type: 'Bearer' }],
      ['an access token that is no text', { ...token, access_token: 7 }],
      ['an empty access token', { ...token, access_token: '' }],
      ['an access token with a line break', { ...token, access_token: 'a\r\nx-evil: 1' }],
      ['an access token beyond ASCII', { ...token, access_token: 'tökén' }],
      ['an inherited access token', '{"__proto__":{"access_token":"a","token_type":"Bearer"}}'],
      ['too much', { ...token, padding: 'x'.repeat(65_536) }],
    ])('with %s: waits if something may be used up, refuses if not', async (what, body) => {
      reply = json(200, body)
      const refreshed = await ask({ grant: refreshGrant })
      expect(refreshed.kind).toBe('unknown')
      expect(JSON.stringify(refreshed)).not.toContain(CANARY)
      const minted = await ask()
      expect(minted.kind).toBe(what === 'too much' ? 'unknown' : 'refused')
    })

    it.each(['mac', 'DPoP', '', 'bearer token', 7, null, undefined])('with token_type %p', async (type) => {
      reply = json(200, { ...token, token_type: type })
      expect(await ask()).toMatchObject({ kind: 'refused', code: 'unsupported_token_type' })
      expect(await ask({ grant: refreshGrant })).toMatchObject({ kind: 'unknown' })
    })

    it.each(['Bearer', 'bearer', 'BEARER'])('but takes token_type %s', async (type) => {
      reply = json(200, { ...token, token_type: type })
      expect(await ask()).toMatchObject({ kind: 'granted' })
    })

    it('but takes the types its profile lists, and none when it may be absent', async () => {
      reply = json(200, { ...token, token_type: 'Bot' })
      expect(await ask({ profile: { answer: { tokenTypes: ['bot'] } } })).toMatchObject({ kind: 'granted' })
      reply = json(200, { access_token: 'access-1' })
      expect(await ask({ profile: { answer: { tokenTypeMayBeAbsent: true } } })).toMatchObject({
        kind: 'granted',
      })
    })
  })

  describe('requestToken, on the wire', () => {
    it('does not know the outcome when the connection closes before the answer', async () => {
      reply = (response) => response.socket?.destroy()
      expect(await ask({ grant: refreshGrant })).toMatchObject({ kind: 'unknown', code: 'connection_lost' })
      expect(seen).toHaveLength(1)
    })

    it('does not know the outcome when the connection closes within the answer', async () => {
      reply = (response) => {
        response
          .writeHead(200, { 'content-length': '1000' })
          .write('{"access_token":"', () => response.destroy())
      }
      expect(await ask({ grant: refreshGrant })).toMatchObject({ kind: 'unknown', code: 'connection_lost' })
    })

    it('sends nothing to an address that is not public', async () => {
      const outcome = await ask({ setup: { token_url: `https://127.0.0.1/${CANARY}` }, grant: refreshGrant })
      expect(outcome).toMatchObject({ kind: 'not-sent', code: 'forbidden_address' })
      expect(JSON.stringify(outcome)).not.toContain(CANARY)
    })

    it.each([
      ['no token endpoint', { setup: { token_url: '' } }, 'invalid_setup'],
      ['a token endpoint that is no URL', { setup: { token_url: CANARY } }, 'invalid_setup'],
      ['no client', { client: undefined }, 'client_id_missing'],
      ['an empty client id', { client: { id: '', secret: new SecretText('x') } }, 'client_id_missing'],
      ['no client secret', { client: { id: 'client-1' } }, 'client_secret_missing'],
    ])('sends nothing with %s', async (_what, overrides, code) => {
      const outcome = await ask(overrides as Parameters<typeof ask>[0])
      expect(outcome).toMatchObject({ kind: 'app-broken', code })
      expect(JSON.stringify(outcome)).not.toContain(CANARY)
      expect(seen).toHaveLength(0)
    })

    it('sends client credentials in the body, with scopes and extra parameters, and not what is absent', async () => {
      reply = json(200, token)
      await ask({
        scopes: ['read', 'write'],
        setup: { audience: 'https://api.example.com' },
        profile: {
          tokenParameters: { audience: '{audience}', resource: '{resource}', grant_type: 'password' },
        },
      })
      expect(seen[0]).toMatchObject({ method: 'POST', path: '/token' })
      expect(seen[0]?.headers).toMatchObject({
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
      })
      expect(Object.fromEntries(new URLSearchParams(seen[0]?.body))).toEqual({
        grant_type: 'client_credentials',
        client_id: 'client-1',
        client_secret: `secret-${CANARY}`,
        scope: 'read write',
        audience: 'https://api.example.com',
      })
    })

    it('sends JSON when the profile says so', async () => {
      reply = json(200, token)
      await ask({ profile: { bodyFormat: 'json' }, scopes: ['read'] })
      expect(seen[0]?.headers['content-type']).toBe('application/json')
      expect(JSON.parse(seen[0]?.body ?? '')).toMatchObject({
        grant_type: 'client_credentials',
        scope: 'read',
      })
    })

    it('sends no scope for providers whose scopes live on the application', async () => {
      reply = json(200, token)
      await ask({
        scopes: ['read'],
        profile: { scopes: { separator: ' ', default: [], requested: false } },
      })
      expect(new URLSearchParams(seen[0]?.body).has('scope')).toBe(false)
    })

    it.each([
      ['client-1', 'sk_live_a-b.c', 'client-1:sk_live_a-b.c'],
      ['a:b', 'p%s+w rd/é', 'a%3Ab:p%25s%2Bw+rd%2F%C3%A9'],
    ])(
      'sends HTTP Basic for %s form-encoded, and plain where that is allowed',
      async (id, secret, expected) => {
        reply = json(200, token)
        await ask({
          client: { id, secret: new SecretText(secret) },
          profile: { clientAuthentication: 'client_secret_basic' },
        })
        const [scheme, credentials] = (seen[0]?.headers.authorization ?? '').split(' ')
        expect(scheme).toBe('Basic')
        expect(Buffer.from(credentials ?? '', 'base64').toString('utf8')).toBe(expected)
        expect(seen[0]?.body).toBe('grant_type=client_credentials')
      },
    )

    it.each([
      ['client_secret_basic', 'secret', /^Basic /, false],
      ['client_secret_post', 'secret', undefined, true],
      ['none', 'secret', undefined, false],
      [undefined, 'secret', undefined, true],
      [undefined, undefined, undefined, false],
    ])('lets the setup choose %s', async (method, secret, authorization, inBody) => {
      reply = json(200, token)
      await ask({
        client: { id: 'client-1', ...(secret === undefined ? {} : { secret: new SecretText(secret) }) },
        setup: method === undefined ? {} : { method },
        profile: { clientAuthenticationField: 'method' },
      })
      if (authorization) expect(seen[0]?.headers.authorization).toMatch(authorization)
      else expect(seen[0]?.headers.authorization).toBeUndefined()
      expect(new URLSearchParams(seen[0]?.body).has('client_secret')).toBe(inBody)
    })

    it('exchanges a code with its redirect URI and verifier, and without when there is none', async () => {
      reply = json(200, token)
      const code = new SecretText('code-1')
      const verifier = new SecretText('verifier-1')
      const redirectUri = 'https://vault.example.com/callback'
      await ask({
        grant: { kind: 'authorization-code', code, redirectUri, codeVerifier: verifier, scopes: [] },
      })
      await ask({ grant: { kind: 'authorization-code', code, scopes: [] } })
      const [full, bare] = seen.map((call) => Object.fromEntries(new URLSearchParams(call.body)))
      expect(full).toMatchObject({
        grant_type: 'authorization_code',
        code: 'code-1',
        redirect_uri: redirectUri,
        code_verifier: 'verifier-1',
      })
      expect(bare).not.toHaveProperty('redirect_uri')
      expect(bare).not.toHaveProperty('code_verifier')
    })

    it('refreshes without naming scopes, at the host the grant came from', async () => {
      reply = json(200, token)
      await ask({
        scopes: ['read'],
        setup: { token_url: '' },
        profile: { tokenUrl: '{grant.extra.instance_url}/token' },
        grant: { ...refreshGrant, extra: { instance_url: server.url } } as TokenRequest['grant'],
      })
      const sent = Object.fromEntries(new URLSearchParams(seen[0]?.body))
      expect(sent).toMatchObject({ grant_type: 'refresh_token', refresh_token: `refresh-${CANARY}` })
      expect(sent).not.toHaveProperty('scope')
    })
  })

  describe('requestToken with a JWT bearer assertion', () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const profile: Partial<GrantProfile> = {
      kind: 'jwt-bearer',
      clientAuthentication: 'none',
      assertion: {
        issuer: '{client_email}',
        key: 'private_key',
        audience: '{token_url}',
        scope: 'https://www.googleapis.com/auth/bigquery',
        lifeSeconds: 3600,
      },
    }
    const mint = (key: string, scopes: readonly string[] = []) =>
      ask({
        profile,
        scopes,
        grant: { kind: 'jwt-bearer' },
        setup: { client_email: 'robot@example.com', private_key: key },
      })

    it.each([
      ['PKCS #8', pem],
      ['PKCS #1', privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()],
      ['escaped line breaks', pem.replaceAll('\n', '\\n')],
    ])('signs with a key in %s', async (_format, key) => {
      reply = json(200, token)
      expect(await mint(key)).toMatchObject({ kind: 'granted' })
      const sent = new URLSearchParams(seen[0]?.body)
      expect(sent.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer')
      expect(sent.has('client_id')).toBe(false)
      const keys = createLocalJWKSet({ keys: [await exportJWK(publicKey)] })
      const { payload } = await jwtVerify(sent.get('assertion') ?? '', keys, {
        algorithms: ['RS256'],
        issuer: 'robot@example.com',
        audience: `${server.url}/token`,
      })
      expect(payload['scope']).toBe('https://www.googleapis.com/auth/bigquery')
      expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(3600)
      // Against a clock that runs fast.
      expect(payload.iat ?? Number.NaN).toBeLessThan(Date.now() / 1000 - 20)
    })

    it('asks for the scopes it is given', async () => {
      reply = json(200, token)
      await mint(pem, ['one', 'two'])
      const [, payload = ''] = (new URLSearchParams(seen[0]?.body).get('assertion') ?? '').split('.')
      expect(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))).toMatchObject({
        scope: 'one two',
      })
    })

    it.each([
      ['garbage', CANARY],
      ['a public key', publicKey.export({ type: 'spki', format: 'pem' }).toString()],
      [
        'an elliptic key',
        generateKeyPairSync('ec', { namedCurve: 'P-256' })
          .privateKey.export({ type: 'pkcs8', format: 'pem' })
          .toString(),
      ],
    ])('sends nothing with %s', async (_what, key) => {
      const outcome = await mint(key)
      expect(outcome).toMatchObject({ kind: 'app-broken', code: 'invalid_key' })
      expect(JSON.stringify(outcome)).not.toContain(CANARY)
      expect(seen).toHaveLength(0)
    })
  })

  describe('requestToken, granted', () => {
    const main = async (body: unknown, overrides: Parameters<typeof ask>[0] = {}) => {
      reply = json(200, body)
      const outcome = await ask(overrides)
      if (outcome.kind !== 'granted') throw new Error(outcome.message)
      return outcome.grants['main']
    }

    it('hands the tokens over unprintable', async () => {
      reply = json(200, { ...token, access_token: CANARY, refresh_token: CANARY })
      const outcome = await ask()
      expect(JSON.stringify(outcome)).not.toContain(CANARY)
      expect(outcome.kind === 'granted' && outcome.grants['main']?.accessToken.reveal()).toBe(CANARY)
    })

    it.each([
      ['as text/plain', 'text/plain'],
      ['as text/html', 'text/html'],
      ['without a type', ''],
    ])('reads JSON that comes %s', async (_how, type) => {
      reply = (response) => {
        if (type) response.setHeader('content-type', type)
        response.end(JSON.stringify(token))
      }
      expect(await ask()).toMatchObject({ kind: 'granted' })
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
        { ...token, scope },
        { profile: { scopes: { separator, default: [], requested: true } } },
      )
      expect(grant?.scopes).toEqual(expected)
    })

    it('reads no scopes where the profile says they are not told', async () => {
      const grant = await main({ ...token, scope: 'read' }, { profile: { answer: { scopesUnstated: true } } })
      expect(grant?.scopes).toBeUndefined()
    })

    it.each([undefined, null, ''])('leaves out a refresh token that is %p', async (refresh_token) => {
      const grant = await main({ ...token, refresh_token })
      expect(grant).not.toHaveProperty('refreshToken')
      expect(grant).not.toHaveProperty('notes')
    })

    it.each([7, {}, 'a\nb'])(
      'keeps the access token and notes a refresh token that is %j',
      async (refresh_token) => {
        const grant = await main({ ...token, refresh_token })
        expect(grant?.accessToken.reveal()).toBe('access-1')
        expect(grant).not.toHaveProperty('refreshToken')
        expect(grant?.notes).toEqual(['refresh_token_unusable'])
      },
    )

    it('keeps the members the profile names, as text, and no others', async () => {
      const grant = await main(
        {
          ...token,
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
        ...token,
        token_type: 'bot',
        refresh_token: 'bot-refresh',
        scope: 'chat:write,files:read',
      }
      const grantsOf = async (body: unknown, grant?: TokenRequest['grant']) => {
        reply = json(200, body)
        const outcome = await ask({ profile, ...(grant === undefined ? {} : { grant }) })
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
        const grant = { ...refreshGrant, grantName: 'user' } as TokenRequest['grant']
        expect(Object.keys(await grantsOf({ ...user, authed_user: { id: 'U1' } }, grant))).toEqual(['user'])
        expect(Object.keys(await grantsOf({ authed_user: user }, grant))).toEqual(['user'])
      })

      it('refuses the bundle when one of its grants is garbled', async () => {
        reply = json(200, { ...bot, authed_user: { ...user, access_token: 7 } })
        expect(await ask({ profile })).toMatchObject({ kind: 'refused', code: 'invalid_answer' })
      })
    })

    describe('with a call that must follow', () => {
      const profile = (): Partial<GrantProfile> => ({
        answer: {
          metadataCall: {
            url: `${server.url}/metadata`,
            authorization: 'OAuth {grant.access_token}',
            members: ['dc', 'accounts'],
          },
        },
      })

      it('keeps its members beside the token', async () => {
        reply = (response, call) => {
          const body = call.path === '/token' ? token : { dc: 'us6', role: 'owner' }
          json(200, body)(response, call)
        }
        const outcome = await ask({ profile: profile() })
        expect(outcome).toMatchObject({ kind: 'granted', grants: { main: { extra: { dc: 'us6' } } } })
        expect(seen[1]?.headers.authorization).toBe('OAuth access-1')
      })

      it('takes them from the entry of a list that is flagged', async () => {
        const list = [{ dc: 'eu1' }, { dc: 'na3', is_default: true }]
        reply = (response, call) => json(200, call.path === '/token' ? token : { list })(response, call)
        const call = profile().answer?.metadataCall
        if (call === undefined) throw new Error('the profile has the call')
        const entry = { list: 'list', flag: 'is_default' }
        const outcome = await ask({ profile: { answer: { metadataCall: { ...call, entry } } } })
        expect(outcome).toMatchObject({ grants: { main: { extra: { dc: 'na3' } } } })
      })

      it('tries twice, and keeps the token when it fails for good', async () => {
        reply = (response, call) => json(call.path === '/token' ? 200 : 500, token)(response, call)
        const outcome = await ask({ profile: profile() })
        expect(outcome).toMatchObject({
          kind: 'granted',
          grants: { main: { extra: {}, notes: ['metadata_unavailable'] } },
        })
        expect(seen.map((call) => call.path)).toEqual(['/token', '/metadata', '/metadata'])
      })
    })
  })
})
