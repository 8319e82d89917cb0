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

  describe('requestToken, on the wire', () => {
    it('does not know the outcome when the connection closes before the answer', async () => {
      endpoint.reply = (response) => response.socket?.destroy()
      expect(await endpoint.ask({ grant: REFRESH_GRANT })).toMatchObject({
        kind: 'unknown',
        code: 'connection_lost',
      })
      expect(endpoint.seen).toHaveLength(1)
    })

    it('does not know the outcome when the connection closes within the answer', async () => {
      endpoint.reply = (response) => {
        response
          .writeHead(200, { 'content-length': '1000' })
          .write('{"access_token":"', () => response.destroy())
      }
      expect(await endpoint.ask({ grant: REFRESH_GRANT })).toMatchObject({
        kind: 'unknown',
        code: 'connection_lost',
      })
    })

    it('sends nothing to an address that is not public', async () => {
      const outcome = await endpoint.ask({
        setup: { token_url: `https://127.0.0.1/${CANARY}` },
        grant: REFRESH_GRANT,
      })
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
      const outcome = await endpoint.ask(overrides as AskOverrides)
      expect(outcome).toMatchObject({ kind: 'app-broken', code })
      expect(JSON.stringify(outcome)).not.toContain(CANARY)
      expect(endpoint.seen).toHaveLength(0)
    })

    it('sends client credentials in the body, with scopes and extra parameters, and not what is absent', async () => {
      endpoint.reply = replyJson(200, TOKEN)
      await endpoint.ask({
        scopes: ['read', 'write'],
        setup: { audience: 'https://api.example.com' },
        profile: {
          tokenParameters: { audience: '{audience}', resource: '{resource}', grant_type: 'password' },
        },
      })
      expect(endpoint.seen[0]).toMatchObject({ method: 'POST', path: '/token' })
      expect(endpoint.seen[0]?.headers).toMatchObject({
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
      })
      expect(Object.fromEntries(new URLSearchParams(endpoint.seen[0]?.body))).toEqual({
        grant_type: 'client_credentials',
        client_id: 'client-1',
        client_secret: `secret-${CANARY}`,
        scope: 'read write',
        audience: 'https://api.example.com',
      })
    })

    it('sends JSON when the profile says so', async () => {
      endpoint.reply = replyJson(200, TOKEN)
      await endpoint.ask({ profile: { bodyFormat: 'json' }, scopes: ['read'] })
      expect(endpoint.seen[0]?.headers['content-type']).toBe('application/json')
      expect(JSON.parse(endpoint.seen[0]?.body ?? '')).toMatchObject({
        grant_type: 'client_credentials',
        scope: 'read',
      })
    })

    it('sends no scope for providers whose scopes live on the application', async () => {
      endpoint.reply = replyJson(200, TOKEN)
      await endpoint.ask({
        scopes: ['read'],
        profile: { scopes: { separator: ' ', default: [], requested: false } },
      })
      expect(new URLSearchParams(endpoint.seen[0]?.body).has('scope')).toBe(false)
    })

    it.each([
      ['client-1', 'sk_live_a-b.c', 'client-1:sk_live_a-b.c'],
      ['a:b', 'p%s+w rd/é', 'a%3Ab:p%25s%2Bw+rd%2F%C3%A9'],
    ])(
      'sends HTTP Basic for %s form-encoded, and plain where that is allowed',
      async (id, secret, expected) => {
        endpoint.reply = replyJson(200, TOKEN)
        await endpoint.ask({
          client: { id, secret: new SecretText(secret) },
          profile: { clientAuthentication: 'client_secret_basic' },
        })
        const [scheme, credentials] = (endpoint.seen[0]?.headers.authorization ?? '').split(' ')
        expect(scheme).toBe('Basic')
        expect(Buffer.from(credentials ?? '', 'base64').toString('utf8')).toBe(expected)
        expect(endpoint.seen[0]?.body).toBe('grant_type=client_credentials')
      },
    )

    it.each([
      ['client_secret_basic', 'secret', /^Basic /, false],
      ['client_secret_post', 'secret', undefined, true],
      ['none', 'secret', undefined, false],
      [undefined, 'secret', undefined, true],
      [undefined, undefined, undefined, false],
    ])('lets the setup choose %s', async (method, secret, authorization, inBody) => {
      endpoint.reply = replyJson(200, TOKEN)
      await endpoint.ask({
        client: { id: 'client-1', ...(secret === undefined ? {} : { secret: new SecretText(secret) }) },
        setup: method === undefined ? {} : { method },
        profile: { clientAuthenticationField: 'method' },
      })
      if (authorization) expect(endpoint.seen[0]?.headers.authorization).toMatch(authorization)
      else expect(endpoint.seen[0]?.headers.authorization).toBeUndefined()
      expect(new URLSearchParams(endpoint.seen[0]?.body).has('client_secret')).toBe(inBody)
    })

    it('exchanges a code with its redirect URI and verifier, and without when there is none', async () => {
      endpoint.reply = replyJson(200, TOKEN)
      const code = new SecretText('code-1')
      const verifier = new SecretText('verifier-1')
      const redirectUri = 'https://vault.example.com/callback'
      await endpoint.ask({
        grant: { kind: 'authorization-code', code, redirectUri, codeVerifier: verifier, scopes: [] },
      })
      await endpoint.ask({ grant: { kind: 'authorization-code', code, scopes: [] } })
      const [full, bare] = endpoint.seen.map((call) => Object.fromEntries(new URLSearchParams(call.body)))
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
      endpoint.reply = replyJson(200, TOKEN)
      await endpoint.ask({
        scopes: ['read'],
        setup: { token_url: '' },
        profile: { tokenUrl: '{grant.extra.instance_url}/token' },
        grant: { ...REFRESH_GRANT, extra: { instance_url: endpoint.url } } as TokenRequest['grant'],
      })
      const sent = Object.fromEntries(new URLSearchParams(endpoint.seen[0]?.body))
      expect(sent).toMatchObject({ grant_type: 'refresh_token', refresh_token: `refresh-${CANARY}` })
      expect(sent).not.toHaveProperty('scope')
    })
  })
})
