import type { IncomingHttpHeaders } from 'node:http'
import type { Revocation } from '../../../../shared/domain/grant-profile.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import type { RevocationRequest } from '../../../../shared/ports/oauth-client.ts'
import { type LocalServer, startLocalServer } from '../../../support/local-server.ts'
import { oauthClientFor, profileWith } from '../../../support/oauth-client-under-test.ts'

const ACCESS = 'access/1+canary'
const REFRESH = 'refresh/1+canary'

describe('OAuth4WebApiClient.revoke', () => {
  let server: LocalServer
  let answer: { status: number; body?: unknown }
  let seen: { method?: string; url?: string; headers: IncomingHttpHeaders; body: string } | undefined

  beforeAll(async () => {
    server = await startLocalServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      seen = { ...pick(request), body: Buffer.concat(chunks).toString('utf8') }
      response.writeHead(answer.status).end(answer.body === undefined ? '' : JSON.stringify(answer.body))
    })
  })
  beforeEach(() => {
    seen = undefined
    answer = { status: 200 }
  })
  afterAll(() => server.close())

  const pick = ({
    method,
    url,
    headers,
  }: {
    method?: string
    url?: string
    headers: IncomingHttpHeaders
  }) => ({
    ...(method === undefined ? {} : { method }),
    ...(url === undefined ? {} : { url }),
    headers,
  })

  function revoke(
    style: Revocation['style'],
    overrides: Partial<RevocationRequest> = {},
    revokes: Revocation['revokes'] = 'grant',
  ) {
    return oauthClientFor(server.host).revoke({
      tenant: 'acme',
      profile: profileWith({
        clientAuthentication: 'client_secret_basic',
        revocation: { style, url: `${server.url}/revoke`, revokes },
      }),
      setup: new SecretText('{}'),
      client: { id: 'client-1', secret: new SecretText('secret-1') },
      accessToken: new SecretText(ACCESS),
      refreshToken: new SecretText(REFRESH),
      timeoutMs: 5_000,
      ...overrides,
    })
  }

  const form = () => Object.fromEntries(new URLSearchParams(seen?.body))
  const basic = () => Buffer.from(seen?.headers.authorization?.split(' ')[1] ?? '', 'base64').toString('utf8')

  it('authenticates the client and names the token, by RFC 7009', async () => {
    await expect(revoke('rfc7009')).resolves.toEqual({ kind: 'revoked' })
    expect(form()).toEqual({ token: REFRESH, token_type_hint: 'refresh_token' })
    expect(basic()).toBe('client-1:secret-1')
  })

  it('revokes the access token where the profile says that this is all it can do', async () => {
    await revoke('rfc7009', {}, 'access-token')
    expect(form()).toEqual({ token: ACCESS, token_type_hint: 'access_token' })
  })

  it('sends Google the token alone', async () => {
    await expect(revoke('google')).resolves.toEqual({ kind: 'revoked' })
    expect(form()).toEqual({ token: REFRESH })
    expect(seen?.headers.authorization).toBeUndefined()
  })

  it('deletes the refresh token’s own path', async () => {
    answer = { status: 204 }
    await expect(revoke('delete-path')).resolves.toEqual({ kind: 'revoked' })
    expect(seen).toMatchObject({ method: 'DELETE', url: '/revoke/refresh%2F1%2Bcanary' })
  })

  it('sends Slack the token as Bearer', async () => {
    answer = { status: 200, body: { ok: true, revoked: true } }
    await expect(revoke('slack', {}, 'access-token')).resolves.toEqual({ kind: 'revoked' })
    expect(seen?.headers.authorization).toBe(`Bearer ${ACCESS}`)
  })

  it('names Stripe the account, with the secret key as user name', async () => {
    const extra = { stripe_user_id: 'acct_1' }
    await expect(revoke('stripe-deauthorize', { extra })).resolves.toEqual({ kind: 'revoked' })
    expect(form()).toEqual({ client_id: 'client-1', stripe_user_id: 'acct_1' })
    expect(basic()).toBe('secret-1:')
  })

  it.each([
    ['rfc7009', 400, { error: 'invalid_token' }],
    ['rfc7009', 400, { error: 'invalid_grant', error_description: 'Refresh token not found' }],
    ['rfc7009', 401, { error: 'invalid_request', error_description: 'The token has already been revoked' }],
    ['rfc7009', 200, { error: 'token_not_found' }],
    ['rfc7009', 404, { message: 'refresh token not found' }],
    ['rfc7009', 202, { status: 'ok' }],
    ['google', 400, { error: 'invalid_token' }],
    ['delete-path', 404, undefined],
    ['slack', 200, { ok: false, error: 'token_revoked' }],
    ['slack', 200, { ok: false, error: 'account_inactive' }],
  ] as const)('counts a token that %s no longer knows as revoked', async (style, status, body) => {
    answer = { status, body }
    await expect(revoke(style)).resolves.toEqual({ kind: 'revoked' })
  })

  it.each([
    ['rfc7009', 400, { error: 'invalid_client', error_description: 'canary' }],
    ['rfc7009', 401, { error: 'invalid_client', error_description: 'not invalid_token' }],
    ['rfc7009', 401, undefined],
    ['rfc7009', 404, undefined],
    ['rfc7009', 400, { error: 'unsupported_token_type' }],
    ['rfc7009', 200, { error: 'invalid_client' }],
    ['rfc7009', 200, { error: { code: 7, message: 'canary' } }],
    ['rfc7009', 429, { error: 'invalid_token' }],
    ['rfc7009', 503, undefined],
    ['rfc7009', 500, { error: 'invalid_token' }],
    ['rfc7009', 302, undefined],
    ['google', 400, { error: 'invalid_request' }],
    ['delete-path', 500, undefined],
    ['slack', 200, { ok: false, error: 'ratelimited' }],
    ['slack', 200, 'not an object'],
    ['slack', 500, undefined],
  ] as const)('fails when %s answers HTTP %i %j', async (style, status, body) => {
    answer = { status, body }
    const outcome = await revoke(style)
    expect(outcome).toMatchObject({ kind: 'failed', message: expect.stringContaining(`HTTP ${status}`) })
    expect(JSON.stringify(outcome)).not.toContain('canary')
  })

  it('fails when nobody answers, and says no path', async () => {
    const outcome = await revoke('delete-path', {
      profile: profileWith({
        revocation: { style: 'delete-path', url: 'https://127.0.0.1/tokens', revokes: 'grant' },
      }),
    })
    expect(outcome.kind).toBe('failed')
    expect(JSON.stringify(outcome)).not.toContain('canary')
  })

  it.each([
    ['the account', {}],
    ['the client', { extra: { stripe_user_id: 'acct_1' }, client: undefined }],
    ['the secret', { extra: { stripe_user_id: 'acct_1' }, client: { id: 'client-1' } }],
  ])('sends Stripe nothing without %s', async (_what, overrides) => {
    const outcome = await revoke('stripe-deauthorize', overrides as Partial<RevocationRequest>)
    expect(outcome.kind).toBe('failed')
    expect(seen).toBeUndefined()
  })

  it('is unsupported without an endpoint, and without a token', async () => {
    await expect(revoke('rfc7009', { profile: profileWith() })).resolves.toEqual({ kind: 'unsupported' })
    const none = { accessToken: undefined, refreshToken: undefined } as unknown as Partial<RevocationRequest>
    await expect(revoke('rfc7009', none)).resolves.toEqual({ kind: 'unsupported' })
    expect(seen).toBeUndefined()
  })
})
