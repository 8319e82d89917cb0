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
    const echo = { error_description: `told ${CANARY}`, error_uri: `https://${CANARY}.example.com` }

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
      [400, 'consent_required', 'grant-dead'],
      [400, 'temporarily_unavailable', 'passing'],
      [400, 'slow_down', 'passing'],
      [400, 'server_error', 'unknown'],
      // The same with HTTP 200.
      [200, 'invalid_grant', 'grant-dead'],
      [200, 'invalid_client', 'app-broken'],
      // What others say in their place.
      [200, 'bad_refresh_token', 'grant-dead'],
      [400, 'BAD_REFRESH_TOKEN', 'grant-dead'],
      [400, 'refresh_token_expired', 'grant-dead'],
      [401, 'invalid_token', 'grant-dead'],
      [401, 'TokenExpired', 'grant-dead'],
      [400, 'token-revoked', 'grant-dead'],
      [200, 'incorrect_client_credentials', 'app-broken'],
      [403, 'application_suspended', 'app-broken'],
      [400, 'rate_limit_exceeded', 'passing'],
      [403, 'RateLimited', 'passing'],
      [400, 'too_many_requests', 'passing'],
      [200, 'internal_error', 'unknown'],
      // Codes that nobody knows.
      [400, 'missing_account_id', 'refused'],
      [401, 'missing_account_id', 'app-broken'],
      // Auth0 says so of a wrong secret.
      [401, 'access_denied', 'app-broken'],
      [400, 'server_busy', 'passing'],
      [403, 'too_many_attempts', 'passing'],
      [401, 'InvalidAuthenticationToken', 'grant-dead'],
    ])('takes HTTP %i %s for %s, and shows the code', async (status, error, kind) => {
      endpoint.reply = replyJson(status, { error, ...echo })
      const outcome = await endpoint.ask({ grant: REFRESH_GRANT })
      expect(outcome).toMatchObject({ kind, code: error, httpStatus: status })
      expect(outcome).toHaveProperty('message', expect.stringContaining(error))
      expect(JSON.stringify(outcome)).not.toContain(CANARY)
    })

    it.each([
      // Where else the code is.
      [400, { status: 'BAD_REFRESH_TOKEN' }, 'grant-dead', 'BAD_REFRESH_TOKEN'],
      [200, { status: 'BAD_REFRESH_TOKEN' }, 'grant-dead', 'BAD_REFRESH_TOKEN'],
      [400, { error: { code: 'invalid_grant' } }, 'grant-dead', 'invalid_grant'],
      [400, { error: { status: 'INVALID_GRANT', code: 400 } }, 'grant-dead', 'INVALID_GRANT'],
      [400, { errors: [{ errorType: 'invalid_grant', message: 'x' }] }, 'grant-dead', 'invalid_grant'],
      [400, { errorCode: 'invalid_client' }, 'app-broken', 'invalid_client'],
      [400, { code: 'token_expired', message: 'Gone' }, 'grant-dead', 'token_expired'],
      [401, { fault: { faultstring: 'Invalid Refresh Token', detail: {} } }, 'grant-dead', 'invalid_grant'],
      [400, 'error=invalid_grant&error_description=gone', 'grant-dead', 'invalid_grant'],
      [
        200,
        'error=bad_refresh_token&error_description=The+refresh+token+is+bad',
        'grant-dead',
        'bad_refresh_token',
      ],
      // Where words tell more than the code.
      [
        400,
        { error: 'invalid_request', error_description: 'Refresh token expired' },
        'grant-dead',
        'invalid_request',
      ],
      [
        400,
        { error: 'invalid_request', error_description: 'The refresh_token is invalid' },
        'grant-dead',
        'invalid_request',
      ],
      [400, { error: 'bad', message: 'Unknown refresh token' }, 'grant-dead', 'bad'],
      [400, { message: 'refresh token has already been used' }, 'grant-dead', 'invalid_grant'],
      // The code in words, in a list, or behind a prefix.
      [
        400,
        { error: 'invalid_request', error_description: 'invalid_grant' },
        'grant-dead',
        'invalid_request',
      ],
      [400, { error: 400, message: 'Bad Request: invalid_grant' }, 'grant-dead', 'invalid_grant'],
      [400, { message: 'rate_limit_exceeded for client' }, 'passing', 'temporarily_unavailable'],
      [400, 'invalid_grant', 'grant-dead', 'invalid_grant'],
      [400, '"invalid_grant"', 'grant-dead', 'invalid_grant'],
      [400, { errors: ['invalid_grant'] }, 'grant-dead', 'invalid_grant'],
      [400, ['invalid_grant'], 'grant-dead', 'invalid_grant'],
      [200, [{ error: 'invalid_grant' }], 'grant-dead', 'invalid_grant'],
      [400, { data: { error: 'invalid_grant' } }, 'grant-dead', 'invalid_grant'],
      [400, { body: '{"error":"invalid_grant"}' }, 'grant-dead', 'invalid_grant'],
      [400, { error: { errors: [{ reason: 'invalid_grant' }], code: 400 } }, 'grant-dead', 'invalid_grant'],
      [400, { ERROR: 'INVALID_GRANT' }, 'grant-dead', 'INVALID_GRANT'],
      [400, { err: 'invalid_grant' }, 'grant-dead', 'invalid_grant'],
      [400, { result: 'error', reason: 'invalid_grant' }, 'grant-dead', 'invalid_grant'],
      [400, '<OAuth><error>invalid_grant</error></OAuth>', 'grant-dead', 'invalid_grant'],
      [400, '<p>Use <code>grant_type</code> or <b>invalid</b></p>', 'refused', 'http_error'],
      [403, '<!doctype html><p data-code="session_expired">Sign in</p>', 'refused', 'http_error'],
      [403, '<html><span class="code">invalid_token</span></html>', 'refused', 'http_error'],
      [400, '<error code="invalid_grant"/>', 'grant-dead', 'invalid_grant'],
      [
        400,
        '<e:Error xmlns:e="x"><e:code n="1">invalid_grant</e:code></e:Error>',
        'grant-dead',
        'invalid_grant',
      ],
      [
        400,
        { type: 'https://idp.test/errors/invalid_grant', title: 'See there' },
        'grant-dead',
        'invalid_grant',
      ],
      [400, { type: 'about:blank', status: 400, detail: 'invalid_grant' }, 'grant-dead', 'invalid_grant'],
      [400, { code: 'oauth.v2.InvalidRefreshToken' }, 'grant-dead', 'invalid_grant'],
      [
        400,
        { errorcode: 'keymanagement.service.invalid_grant' },
        'grant-dead',
        'keymanagement.service.invalid_grant',
      ],
      [400, { error: 'inactive_user' }, 'grant-dead', 'inactive_user'],
      [
        200,
        { message: 'error', data: { description: 'Refresh token is expired.' } },
        'grant-dead',
        'invalid_grant',
      ],
      [200, { error: { code: 'failed', message: 'fail' } }, 'refused', 'failed'],
      [400, { error: ['invalid_grant', 'gone'] }, 'grant-dead', 'invalid_grant'],
      [400, { errors: { refresh_token: ['is invalid'] } }, 'grant-dead', 'invalid_grant'],
      [400, { code: 'E_TOKEN_EXPIRED' }, 'grant-dead', 'E_TOKEN_EXPIRED'],
      [400, { error: 'OAuth2_InvalidGrant' }, 'grant-dead', 'OAuth2_InvalidGrant'],
      [200, { code: 40001, msg: 'refresh_token expired', data: null }, 'grant-dead', '40001'],
      [
        401,
        { error: 'invalid_client', error_description: 'not invalid_grant' },
        'app-broken',
        'invalid_client',
      ],
      [401, { message: 'Session not active' }, 'grant-dead', 'invalid_grant'],
      [200, { status: 503, error: 'Invalid Params: invalid refresh_token' }, 'grant-dead', 'invalid_grant'],
      [400, 'The refresh token was revoked', 'grant-dead', 'invalid_grant'],
      [
        400,
        { error: { code: 400, message: 'Token has been expired or revoked.', status: 'INVALID_ARGUMENT' } },
        'grant-dead',
        'INVALID_ARGUMENT',
      ],
      [400, { error: 'bad', message: 'The token was revoked by its owner' }, 'grant-dead', 'bad'],
      [400, { error: 'bad', message: 'The token endpoint is not valid here' }, 'refused', 'bad'],
      [401, { message: 'Token expired' }, 'app-broken', 'http_error'],
      [404, { message: 'Token not found' }, 'refused', 'http_error'],
      [403, { error: 'forbidden', message: 'Token unknown' }, 'refused', 'forbidden'],
      [
        400,
        { error: 'invalid_request', error_description: 'Token invalid: iat is in the future' },
        'refused',
        'invalid_request',
      ],
      [
        400,
        { error: 'invalid_request', error_description: 'Missing required parameter: refresh_token' },
        'refused',
        'invalid_request',
      ],
      [
        400,
        { error: 'invalid_request', error_description: 'Invalid request: refresh_token is required' },
        'refused',
        'invalid_request',
      ],
      [403, { message: 'API rate limit exceeded' }, 'passing', 'temporarily_unavailable'],
      [
        400,
        { error: { message: 'Application request limit reached', type: 'OAuthException', code: 4 } },
        'passing',
        'OAuthException',
      ],
      [
        400,
        { error: 'invalid_grant', error_description: 'authentication failure - too many requests' },
        'passing',
        'invalid_grant',
      ],
      // Words about the client are no words about the grant.
      [400, { message: 'Invalid client secret' }, 'app-broken', 'http_error'],
      [
        400,
        { error: 'invalid_request', error_description: 'client_id is invalid' },
        'app-broken',
        'invalid_request',
      ],
      [400, { message: 'Authorization failed: invalid client secret' }, 'app-broken', 'http_error'],
      [200, { status: 503, error: 'Invalid Params: invalid client_id' }, 'app-broken', 'provider_error'],
      [
        401,
        {
          message: 'Authorization Error',
          errors: [{ resource: 'Application', field: 'client_secret', code: 'invalid' }],
        },
        'app-broken',
        'invalid',
      ],
      [
        400,
        {
          message: 'Bad Request',
          errors: [{ resource: 'RefreshToken', field: 'refresh_token', code: 'invalid' }],
        },
        'grant-dead',
        'invalid',
      ],
      [
        403,
        { error: 'unauthorized_client', error_description: 'refresh_token is invalid' },
        'grant-dead',
        'unauthorized_client',
      ],
      [400, { error: 'invalid_request', reason: 'Invalid Token!' }, 'grant-dead', 'invalid_request'],
      [
        400,
        { error: 'invalid_request', error_description: 'Malformed token request' },
        'refused',
        'invalid_request',
      ],
      [
        401,
        { error: 'unauthorized_client', error_description: 'Invalid client or Invalid client credentials' },
        'app-broken',
        'unauthorized_client',
      ],
      // Where the status is all there is.
      [400, { error: CANARY, ...echo }, 'refused', 'provider_error'],
      [400, { error: 'constructor' }, 'refused', 'constructor'],
      [400, { error: 7 }, 'refused', 'http_error'],
      [400, { error: '' }, 'refused', 'http_error'],
      [400, `<html>${CANARY}</html>`, 'refused', 'http_error'],
      [401, '', 'app-broken', 'http_error'],
      [404, CANARY, 'refused', 'http_error'],
      [408, '', 'unknown', 'server_error'],
      [420, '', 'passing', 'too_many_requests'],
      [425, '', 'passing', 'temporarily_unavailable'],
      [500, { error: 'invalid_grant' }, 'unknown', 'server_error'],
      [502, CANARY, 'unknown', 'server_error'],
      [503, CANARY, 'unknown', 'server_error'],
      [503, { error: 'temporarily_unavailable' }, 'passing', 'temporarily_unavailable'],
      [503, { error: 'invalid_grant' }, 'unknown', 'server_error'],
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

    it('takes a 403 that asks to wait for passing, unless it says more', async () => {
      const wait = { 'retry-after': '30' }
      endpoint.reply = replyJson(403, '', wait)
      expect(await endpoint.ask()).toMatchObject({ kind: 'passing', retryAfterMs: 30_000 })
      endpoint.reply = replyJson(403, { error: 'invalid_grant' }, wait)
      expect(await endpoint.ask()).toMatchObject({ kind: 'grant-dead' })
    })

    it.each(['error="invalid_token"', 'error=invalid_token'])(
      'reads the code of a 401 without a body from its header: %s',
      async (code) => {
        const header = `Bearer realm="x", ${code}, error_description="The token has ended"`
        endpoint.reply = replyJson(401, '', { 'www-authenticate': header })
        expect(await endpoint.ask({ grant: REFRESH_GRANT })).toMatchObject({
          kind: 'grant-dead',
          code: 'invalid_token',
          description: 'The token has ended',
        })
      },
    )

    it.each([
      [
        { error: 'invalid_request', error_description: 'Missing required parameter: account_id' },
        'Missing required parameter: account_id',
      ],
      [
        {
          error: 'invalid_grant',
          error_description:
            'AADSTS700082: The refresh token has expired.\r\nTrace ID: 0f8fad5b-d9cb-469f-a165-70867728950e',
        },
        'AADSTS700082: The refresh token has expired. Trace ID: [redacted]',
      ],
      [{ error: { code: 'bad', message: 'No such "thing"' } }, 'No such "thing"'],
      [{ error: 'invalid_grant', error_description: `you sent refresh-${CANARY}` }, 'you sent [redacted]'],
      [
        { error: 'invalid_grant', error_description: `you sent ${encodeURIComponent(CANARY)}!` },
        'you sent [redacted]!',
      ],
      [{ error: 'invalid_grant', error_description: 'x'.repeat(5_000) }, `${'x'.repeat(239)}…`],
      [{ error: 'invalid_grant', error_description: '\u0000\u202e' }, undefined],
      [{ error: 'invalid_grant' }, undefined],
      [{ error: 'invalid_grant', error_description: { a: 1 } }, undefined],
    ])('tells what the provider said of itself: %j', async (body, description) => {
      endpoint.reply = replyJson(400, body)
      const outcome = await endpoint.ask({ grant: REFRESH_GRANT })
      expect('description' in outcome ? outcome.description : undefined).toBe(description)
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
        okMember: { member: 'ok', errorMember: 'error' },
        errorCodes: {
          odd_refresh: 'invalid_grant',
          odd_secret: 'invalid_client',
          ratelimited: 'temporarily_unavailable',
        },
      },
    }
    it.each([
      [{ ok: false, error: 'odd_refresh' }, 'grant-dead', 'odd_refresh'],
      [{ ok: false, error: 'odd_secret' }, 'app-broken', 'odd_secret'],
      [{ ok: false, error: 'ratelimited' }, 'passing', 'ratelimited'],
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
      ['HTML', `<html>${CANARY}</html>`, 'not JSON'],
      ['nothing', '', 'not JSON'],
      ['JSON cut short', '{"access_token":"', 'not JSON'],
      ['NaN', '{"access_token":"access-1","token_type":"Bearer","expires_in":NaN}', 'not JSON'],
      ['null', 'null', 'no access_token'],
      ['a number', '7', 'no access_token'],
      ['an empty list', '[]', 'no access_token'],
      ['a form without a token', 'error=&state=1', 'no access_token'],
      ['no access token', { token_type: 'Bearer' }, 'no access_token'],
      ['a state of its own', { status: 'processing' }, 'no access_token'],
      ['an access token that is no text', { ...TOKEN, access_token: 7 }, 'no access_token'],
      ['an empty access token', { ...TOKEN, access_token: '' }, 'no access_token'],
      ['a word for none as the access token', { ...TOKEN, access_token: ' None' }, 'no access_token'],
      ['a blank access token', { ...TOKEN, access_token: ' \n' }, 'no access_token'],
      ['an access token with a line break', { ...TOKEN, access_token: 'a\r\nx-evil: 1' }, 'not printable'],
      ['an access token beyond ASCII', { ...TOKEN, access_token: 'tökén' }, 'not printable'],
      ['an inherited access token', '{"__proto__":{"token_type":"Bearer"}}', 'no access_token'],
      ['too much', { ...TOKEN, padding: 'x'.repeat(65_536) }, 'larger than allowed (65536 bytes)'],
    ])('with %s: waits if something may be used up, refuses if not', async (what, body, words) => {
      endpoint.reply = replyJson(200, body)
      const refreshed = await endpoint.ask({ grant: REFRESH_GRANT })
      expect(refreshed.kind).toBe('unknown')
      expect(refreshed).toHaveProperty('message', expect.stringContaining(words))
      expect(JSON.stringify(refreshed)).not.toContain(CANARY)
      const minted = await endpoint.ask()
      expect(minted.kind).toBe(what === 'too much' ? 'unknown' : 'refused')
    })

    it.each(['mac', 'MAC', 'DPoP', 'dpop', ' DPoP ', 'PoP', 'hmac'])(
      'with token_type %p, by its name',
      async (type) => {
        endpoint.reply = replyJson(200, { ...TOKEN, token_type: type })
        const refused = await endpoint.ask()
        expect(refused).toMatchObject({ kind: 'refused', code: 'unsupported_token_type' })
        expect(refused).toHaveProperty('message', expect.stringContaining(`type ${type.trim()},`))
        expect(await endpoint.ask({ grant: REFRESH_GRANT })).toMatchObject({ kind: 'unknown' })
      },
    )

    it.each([[['DPoP']], [['MAC', 'DPoP']], 'dpop,mac', 'Hawk', 'DPoP;alg=ES256'])(
      'with the token_type %j, of which none can be sent',
      async (type) => {
        endpoint.reply = replyJson(200, { ...TOKEN, token_type: type })
        expect(await endpoint.ask()).toMatchObject({ kind: 'refused', code: 'unsupported_token_type' })
      },
    )

    it.each([
      [['Bearer']],
      [['DPoP', 'Bearer']],
      'Bearer,DPoP',
      'bearer; charset=utf-8',
      'urn:ietf:params:oauth:token-type:access_token',
      undefined,
      null,
      '',
      ' ',
      'Bearer',
      'bearer',
      'BEARER',
      'Bearer ',
      '\tbearer\n',
      'BearerToken',
      'Bearer Token',
      'bearer_token',
      'JWT',
      'at+jwt',
      'access_token',
      'token',
      7,
    ])('but takes token_type %p for Bearer', async (type) => {
      endpoint.reply = replyJson(200, { ...TOKEN, token_type: type })
      const outcome = await endpoint.ask()
      expect(outcome.kind).toBe('granted')
      expect(outcome).not.toHaveProperty('grants.main.notes')
    })

    it('but takes a type that nobody knows, and notes it, unless its profile lists it', async () => {
      endpoint.reply = replyJson(200, { ...TOKEN, token_type: 'Robot' })
      expect(await endpoint.ask()).toMatchObject({ grants: { main: { notes: ['token_type_unknown'] } } })
      const told = await endpoint.ask({ profile: { answer: { tokenTypes: ['robot'] } } })
      expect(told).not.toHaveProperty('grants.main.notes')
    })
  })

  describe('requestToken, with an answer to a refresh that is of no use but for a new refresh token', () => {
    const R2 = 'refresh-token-002'
    const SENT = REFRESH_GRANT.refreshToken.reveal()
    it.each([
      ['a type that needs a proof', 200, { ...TOKEN, token_type: 'DPoP', refresh_token: R2 }],
      ['no access token', 200, { refresh_token: R2 }],
      ['an access token that is no text', 200, { access_token: 7, refresh_token: R2 }],
      ['an access token that breaks a header', 200, { ...TOKEN, access_token: 'a\nb', refresh_token: R2 }],
      ['a wrapper', 200, { data: { token: { refresh_token: R2 } } }],
      ['an error beside it', 200, { error: 'partial_failure', refresh_token: R2 }],
      ['a status of 400', 400, { ...TOKEN, refresh_token: R2 }],
      ['a status of 500', 500, { ...TOKEN, refresh_token: R2 }],
      ['JSON that does not parse', 200, `{"access_token":"a","expires_in":NaN,"refresh_token":"${R2}"}`],
      ['JSON cut short', 200, `{"refresh_token":"${R2}","access_tok`],
      ['a form without a token', 200, `token_type=bearer&error=&refresh_token=${R2}`],
      ['an object of its own', 200, { refresh_token: { value: R2 } }],
      ['JSON with single quotes', 200, `{'access_token':'a','refresh_token':'${R2}'}`],
      ['JSON escaped twice', 200, JSON.stringify(JSON.stringify(JSON.stringify({ refresh_token: R2 })))],
      [
        'JSON in HTML',
        200,
        `{&quot;access_token&quot;:&quot;a&quot;,&quot;refresh_token&quot;:&quot;${R2}&quot;}`,
      ],
      ['cookies', 200, `access_token: a; refresh_token: ${R2}`],
    ])('keeps it beside %s', async (_what, status, body) => {
      endpoint.reply = (response) => {
        const isForm = typeof body === 'string' && body.startsWith('token_type')
        const type = isForm ? 'application/x-www-form-urlencoded' : 'application/json'
        response.writeHead(status, { 'content-type': type })
        response.end(typeof body === 'string' ? body : JSON.stringify(body))
      }
      const outcome = await endpoint.ask({ grant: REFRESH_GRANT })
      expect(outcome.kind).not.toBe('granted')
      expect('kept' in outcome && outcome.kept?.['main']?.refreshToken.reveal()).toBe(R2)
      expect(JSON.stringify(outcome)).not.toContain(R2)
    })

    it.each([
      [
        422,
        { message: 'Invalid data.', errors: { refresh_token: ['The refresh token field is required.'] } },
      ],
      [400, { errors: { refresh_token: ['is invalid'] } }],
      [400, { refresh_token: ['invalid'] }],
      [400, { error: 'invalid_request', fields: { refresh_token: 'refreshTokenHasExpired' } }],
      [400, { error: { refresh_token: 'https://idp.example.test/errors/expired-refresh-token' } }],
      [400, { refresh_token: '', error: 'invalid_request' }],
      [400, 'refresh_token=invalid&error=bad'],
      [400, '{"refresh_token":"must be a string",}'],
      [500, { refresh_token: ['could not be looked up'] }],
      [200, { success: false, errors: { refresh_token: ['is required'] } }],
      [200, { error: 'invalid_grant', refresh_token: 'invalid' }],
      [200, { refresh_token: 'is required' }],
      [200, { success: false, refresh_token: 'expired' }],
      [200, { ok: 'false', refresh_token: 'invalid' }],
      [200, { error: { code: 40_101 }, refresh_token: 'expired' }],
      [200, { refresh_token: 'n/a' }],
    ])('takes what HTTP %i %j says of the one that was sent for none', async (status, body) => {
      endpoint.reply = replyJson(status, body)
      expect(await endpoint.ask({ grant: REFRESH_GRANT })).not.toHaveProperty('kept')
    })

    it.each([
      [{ refresh_token: 'rt-2' }],
      [{ access_token: '', refresh_token: ' rt-2\n', expires_in: 3600 }],
      [{ access_token: 'at-2', token_type: 'mac', refresh_token: 'rt-2' }],
      [{ error: { code: 0 }, refresh_token: 'rt-2' }],
    ])('keeps a short one of a success that says nothing of an error: %j', async (body) => {
      endpoint.reply = replyJson(200, body)
      const outcome = await endpoint.ask({ grant: REFRESH_GRANT })
      expect('kept' in outcome && outcome.kept?.['main']?.refreshToken.reveal()).toBe('rt-2')
    })

    it('keeps it beside what is said of the one that was sent', async () => {
      endpoint.reply = replyJson(400, {
        errors: { refresh_token: ['used'] },
        data: { next: { refresh_token: R2 } },
      })
      const outcome = await endpoint.ask({ grant: REFRESH_GRANT })
      expect('kept' in outcome && outcome.kept?.['main']?.refreshToken.reveal()).toBe(R2)
    })

    it('keeps none that was sent, and none where nothing was used up', async () => {
      endpoint.reply = replyJson(200, { refresh_token: REFRESH_GRANT.refreshToken.reveal() })
      expect(await endpoint.ask({ grant: REFRESH_GRANT })).not.toHaveProperty('kept')
      endpoint.reply = replyJson(200, { refresh_token: R2 })
      expect(await endpoint.ask()).not.toHaveProperty('kept')
    })

    it.each([
      ['a part of what was sent', 200, `no refresh_token=${SENT.slice(0, 24)}***`],
      ['a sentence', 200, 'refresh_token: this_one_is_not_known_here'],
      ['a refusal that quotes one', 400, `no such refresh_token=${R2}`],
      [
        'a refusal that masks its end',
        429,
        { error: 'slow_down', refresh_token: `${SENT.slice(0, 12)}1**********` },
      ],
      ['a refusal that masks its beginning', 503, { refresh_token: `****************${SENT.slice(-4)}1` }],
      ['a refusal that cuts it short', 400, { request: { refresh_token: `1${SENT.slice(0, 12)}...` } }],
    ])('keeps none of %s', async (_what, status, body) => {
      endpoint.reply = replyJson(status, body)
      expect(await endpoint.ask({ grant: REFRESH_GRANT })).not.toHaveProperty('kept')
    })
  })
})
