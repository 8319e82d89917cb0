import type { GrantProfile } from '../../../../shared/domain/grant-profile.ts'
import { CANARY, REFRESH_GRANT, replyJson, TOKEN, TokenEndpoint } from '../../../support/token-endpoint.ts'

describe('OAuth4WebApiClient', () => {
  let endpoint: TokenEndpoint

  beforeAll(async () => {
    endpoint = await TokenEndpoint.start()
  })
  beforeEach(() => endpoint.seen.splice(0))
  afterAll(() => endpoint.close())

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
      endpoint.reply = replyJson(status, { error, ...echo })
      const outcome = await endpoint.ask({ grant: REFRESH_GRANT })
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
      endpoint.reply = replyJson(status, body, { location: `${endpoint.url}/other` })
      const outcome = await endpoint.ask({ grant: REFRESH_GRANT })
      expect(outcome).toMatchObject({ kind, code, httpStatus: status })
      expect(JSON.stringify(outcome)).not.toContain(CANARY)
      expect(endpoint.seen.map((call) => call.path)).toEqual(['/token'])
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
      endpoint.reply = replyJson(status, { error: 'invalid_grant' }, headers as Record<string, string>)
      const outcome = await endpoint.ask({ grant: REFRESH_GRANT })
      expect(outcome.kind).toBe('passing')
      expect('retryAfterMs' in outcome ? outcome.retryAfterMs : undefined).toBe(retryAfterMs)
    })

    it('says that a policy, not a person, ended Google’s grant', async () => {
      endpoint.reply = replyJson(400, { error: 'invalid_grant', error_subtype: 'invalid_rapt', ...echo })
      const outcome = await endpoint.ask({ grant: REFRESH_GRANT })
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
      [{ ok: 'true', ...TOKEN }, 'refused', 'provider_error'],
    ])('reads failures that come with HTTP 200: %j', async (body, kind, code) => {
      endpoint.reply = replyJson(200, body)
      const outcome = await endpoint.ask({ grant: REFRESH_GRANT, profile: slack })
      expect(outcome).toMatchObject({ kind, code })
      expect(JSON.stringify(outcome)).not.toContain(CANARY)
    })
  })

  describe('requestToken, with a success that cannot be used', () => {
    it.each([
      ['HTML', `<html>${CANARY}</html>`],
      ['nothing', ''],
      ['a list', [TOKEN]],
      ['null', 'null'],
      ['a number', '7'],
      ['JSON cut short', '{"access_token":"'],
      ['NaN', '{"access_token":"access-1","token_type":"Bearer","expires_in":NaN}'],
      ['no access token', { token_type: 'Bearer' }],
      ['an access token that is no text', { ...TOKEN, access_token: 7 }],
      ['an empty access token', { ...TOKEN, access_token: '' }],
      ['an access token with a line break', { ...TOKEN, access_token: 'a\r\nx-evil: 1' }],
      ['an access token beyond ASCII', { ...TOKEN, access_token: 'tökén' }],
      ['an inherited access token', '{"__proto__":{"access_token":"a","token_type":"Bearer"}}'],
      ['too much', { ...TOKEN, padding: 'x'.repeat(65_536) }],
    ])('with %s: waits if something may be used up, refuses if not', async (what, body) => {
      endpoint.reply = replyJson(200, body)
      const refreshed = await endpoint.ask({ grant: REFRESH_GRANT })
      expect(refreshed.kind).toBe('unknown')
      expect(JSON.stringify(refreshed)).not.toContain(CANARY)
      const minted = await endpoint.ask()
      expect(minted.kind).toBe(what === 'too much' ? 'unknown' : 'refused')
    })

    it.each(['mac', 'DPoP', '', 'bearer token', 7, null, undefined])('with token_type %p', async (type) => {
      endpoint.reply = replyJson(200, { ...TOKEN, token_type: type })
      expect(await endpoint.ask()).toMatchObject({ kind: 'refused', code: 'unsupported_token_type' })
      expect(await endpoint.ask({ grant: REFRESH_GRANT })).toMatchObject({ kind: 'unknown' })
    })

    it.each(['Bearer', 'bearer', 'BEARER'])('but takes token_type %s', async (type) => {
      endpoint.reply = replyJson(200, { ...TOKEN, token_type: type })
      expect(await endpoint.ask()).toMatchObject({ kind: 'granted' })
    })

    it('but takes the types its profile lists, and none when it may be absent', async () => {
      endpoint.reply = replyJson(200, { ...TOKEN, token_type: 'Bot' })
      expect(await endpoint.ask({ profile: { answer: { tokenTypes: ['bot'] } } })).toMatchObject({
        kind: 'granted',
      })
      endpoint.reply = replyJson(200, { access_token: 'access-1' })
      expect(await endpoint.ask({ profile: { answer: { tokenTypeMayBeAbsent: true } } })).toMatchObject({
        kind: 'granted',
      })
    })
  })
})
