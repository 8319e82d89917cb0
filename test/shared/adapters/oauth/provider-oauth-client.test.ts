import { createHash } from 'node:crypto'
import type { OAuth4WebApiClient } from '../../../../shared/adapters/oauth/provider-oauth-client.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import type { MintedGrant, TokenOutcome } from '../../../../shared/ports/oauth-client.ts'
import {
  type AuthorizationServer,
  type AuthorizationServerOptions,
  FAULT_RETRY_AFTER_SECONDS,
  startAuthorizationServer,
} from '../../../support/authorization-server.ts'
import { oauthClientFor, profileWith, tokenRequestWith } from '../../../support/oauth-client-under-test.ts'

const REDIRECT_URI = 'http://127.0.0.1:1/callback'
const VERIFIER = 'a-code-verifier-of-at-least-forty-three-characters-0123'

describe('the OAuth client against a real authorization server', () => {
  let server: AuthorizationServer
  let client: OAuth4WebApiClient

  async function start(options: AuthorizationServerOptions = {}) {
    server = await startAuthorizationServer(options)
    client = oauthClientFor(server.host)
  }
  afterEach(() => server.close())

  const identity = (name: keyof AuthorizationServer['clients']) => {
    const { id, secret } = server.clients[name]
    return secret === '' ? { id } : { id, secret: new SecretText(secret) }
  }

  const codeProfile = (name: 'web' | 'webBasic' | 'app') =>
    profileWith({
      kind: 'authorization-code',
      clientAuthentication:
        name === 'app' ? 'none' : name === 'web' ? 'client_secret_post' : 'client_secret_basic',
      refresh: { rotation: 'single-use' },
    })

  async function authorize(
    consent = {},
    query: Record<string, string> = {},
    name: 'web' | 'webBasic' | 'app' = 'web',
  ) {
    const url = new URL(server.authorizationUrl)
    url.search = new URLSearchParams({
      response_type: 'code',
      client_id: server.clients[name].id,
      redirect_uri: REDIRECT_URI,
      scope: 'read write',
      state: 'state-1',
      code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
      code_challenge_method: 'S256',
      ...query,
    }).toString()
    return server.consent(url.href, consent)
  }

  function exchange(callback: URL, name: 'web' | 'webBasic' | 'app' = 'web', verifier = VERIFIER) {
    return client.requestToken(
      tokenRequestWith({
        profile: codeProfile(name),
        setup: { token_url: server.tokenUrl },
        client: identity(name),
        grant: {
          kind: 'authorization-code',
          code: new SecretText(callback.searchParams.get('code') ?? ''),
          redirectUri: REDIRECT_URI,
          codeVerifier: new SecretText(verifier),
          scopes: ['read', 'write'],
        },
        timeoutMs: 5_000,
      }),
    )
  }

  function refresh(refreshToken: SecretText, timeoutMs = 5_000) {
    return client.requestToken(
      tokenRequestWith({
        profile: codeProfile('web'),
        setup: { token_url: server.tokenUrl },
        client: identity('web'),
        grant: { kind: 'refresh-token', refreshToken, grantName: 'main', extra: {} },
        timeoutMs,
      }),
    )
  }

  async function connect(): Promise<MintedGrant & { refreshToken: SecretText }> {
    return mainGrant(await exchange(await authorize()))
  }

  it.each([
    ['machine', 'client_secret_basic'],
    ['machinePost', 'client_secret_post'],
  ] as const)('mints for the client %s by %s', async (name, clientAuthentication) => {
    await start({ accessTokenSeconds: 120 })
    const outcome = await client.requestToken(
      tokenRequestWith({
        profile: profileWith({ clientAuthentication, tokenParameters: { audience: '{audience}' } }),
        setup: { token_url: server.tokenUrl, audience: 'https://orders.example.test' },
        client: identity(name),
        scopes: ['read', 'admin'],
      }),
    )
    const grant = mainGrant(outcome)
    expect(grant).toMatchObject({ lifeMs: 120_000, expiryBasis: 'stated', scopes: ['read', 'admin'] })
    expect(grant.refreshToken).toBeUndefined()
    await expect(server.isActive(grant.accessToken.reveal())).resolves.toBe(true)
    expect(server.tokenRequests[0]?.parameters).toMatchObject({ audience: 'https://orders.example.test' })
  })

  it('reports an unknown resource and a wrong client secret as what they are', async () => {
    await start({ resources: ['https://orders.example.test'] })
    const ask = (resource: string, secret: string) =>
      client.requestToken(
        tokenRequestWith({
          profile: profileWith({
            clientAuthentication: 'client_secret_basic',
            tokenParameters: { resource },
          }),
          setup: { token_url: server.tokenUrl },
          client: { id: server.clients.machine.id, secret: new SecretText(secret) },
        }),
      )
    await expect(ask('https://other.example.test', server.clients.machine.secret)).resolves.toMatchObject({
      kind: 'refused',
      code: 'invalid_target',
      httpStatus: 400,
    })
    await expect(ask('https://orders.example.test', 'not-the-secret')).resolves.toMatchObject({
      kind: 'app-broken',
      code: 'invalid_client',
      httpStatus: 401,
    })
  })

  it.each(['web', 'webBasic', 'app'] as const)(
    'exchanges a code with PKCE as the client %s',
    async (name) => {
      await start()
      const callback = await authorize({}, {}, name)
      expect(callback.searchParams.get('iss')).toBe(server.issuer)
      expect(callback.searchParams.get('state')).toBe('state-1')
      const grant = mainGrant(await exchange(callback, name))
      expect(grant).toMatchObject({ lifeMs: 3_600_000, scopes: ['read', 'write'] })
      expect(grant.refreshToken).toBeInstanceOf(SecretText)
    },
  )

  it('takes a wrong code verifier and a used code for a dead grant', async () => {
    await start()
    const callback = await authorize()
    const wrong = await exchange(callback, 'web', `${VERIFIER}-wrong`)
    expect(wrong).toMatchObject({ kind: 'grant-dead', code: 'invalid_grant' })
    const second = await authorize()
    await exchange(second)
    await expect(exchange(second)).resolves.toMatchObject({ kind: 'grant-dead', code: 'invalid_grant' })
  })

  it('tells the scopes a person granted when they are fewer', async () => {
    await start()
    const grant = mainGrant(await exchange(await authorize({ scopes: ['read'] })))
    expect(grant.scopes).toEqual(['read'])
  })

  it('sends the browser back with an error when the person denies', async () => {
    await start()
    const callback = await authorize({ deny: true })
    expect(callback.searchParams.get('error')).toBe('access_denied')
    expect(callback.searchParams.get('code')).toBeNull()
  })

  it('rotates the refresh token, and reuse of the old one revokes the family', async () => {
    await start()
    const first = await connect()
    const second = mainGrant(await refresh(first.refreshToken))
    expect(second.refreshToken.reveal()).not.toBe(first.refreshToken.reveal())
    expect(server.requestsWith(first.refreshToken.reveal())).toBe(1)
    await expect(refresh(first.refreshToken)).resolves.toMatchObject({ kind: 'grant-dead', httpStatus: 400 })
    await expect(refresh(second.refreshToken)).resolves.toMatchObject({ kind: 'grant-dead' })
    await expect(server.isActive(second.accessToken.reveal())).resolves.toBe(false)
  })

  it('lets only one of many requests at once use a refresh token', async () => {
    await start({ delayMs: 20 })
    const first = await connect()
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => refresh(first.refreshToken)))
    expect(outcomes.filter((outcome) => outcome.kind === 'granted').length).toBeLessThanOrEqual(1)
    expect(server.requestsWith(first.refreshToken.reveal())).toBe(5)
    expect(server.tokenRequests.filter((record) => record.overlapped).length).toBeGreaterThan(0)
  })

  it('accepts a superseded refresh token within the grace window', async () => {
    await start({ graceSeconds: 60 })
    const first = await connect()
    mainGrant(await refresh(first.refreshToken))
    expect((await refresh(first.refreshToken)).kind).toBe('granted')
  })

  it('keeps the refresh token when the server does not rotate', async () => {
    await start({ rotation: false })
    const first = await connect()
    const again = mainGrant(await refresh(first.refreshToken))
    expect(again.refreshToken?.reveal() ?? first.refreshToken.reveal()).toBe(first.refreshToken.reveal())
  })

  it('takes a grant revoked by the person for dead', async () => {
    await start()
    const grant = await connect()
    server.revokeGrantOf(grant.refreshToken.reveal())
    await expect(refresh(grant.refreshToken)).resolves.toMatchObject({ kind: 'grant-dead' })
  })

  it('revokes a grant by RFC 7009, also one that is gone already', async () => {
    await start()
    const grant = await connect()
    const revoke = () =>
      client.revoke({
        tenant: 'acme',
        profile: {
          ...codeProfile('web'),
          revocation: { style: 'rfc7009', url: server.revocationUrl, revokes: 'grant' },
        },
        setup: new SecretText('{}'),
        client: identity('web'),
        accessToken: grant.accessToken,
        refreshToken: grant.refreshToken,
        timeoutMs: 5_000,
      })
    await expect(revoke()).resolves.toEqual({ kind: 'revoked' })
    await expect(server.isActive(grant.refreshToken.reveal())).resolves.toBe(false)
    await expect(revoke()).resolves.toEqual({ kind: 'revoked' })
  })

  it.each([
    ['status-500', { kind: 'unknown', code: 'server_error', httpStatus: 500 }],
    ['status-503', { kind: 'unknown', code: 'server_error', httpStatus: 503 }],
    ['status-503-retry-after', { kind: 'passing', retryAfterMs: FAULT_RETRY_AFTER_SECONDS * 1000 }],
    [
      'status-429',
      { kind: 'passing', code: 'too_many_requests', retryAfterMs: FAULT_RETRY_AFTER_SECONDS * 1000 },
    ],
    ['redirect', { kind: 'refused', code: 'redirect', httpStatus: 307 }],
    ['hang-before', { kind: 'unknown', code: 'timeout' }],
    ['drop-before', { kind: 'unknown', code: 'connection_lost' }],
  ] as const)('%s leaves the refresh token usable', async (fault, expected) => {
    await start()
    const grant = await connect()
    server.setFault(fault, 1)
    await expect(refresh(grant.refreshToken, 300)).resolves.toMatchObject(expected)
    expect((await refresh(grant.refreshToken)).kind).toBe('granted')
    expect(server.requestsWith(grant.refreshToken.reveal())).toBe(2)
  })

  it.each([
    ['status-500-after', { kind: 'unknown', code: 'server_error' }],
    ['html-after', { kind: 'unknown', code: 'invalid_answer', httpStatus: 200 }],
    ['hang-after', { kind: 'unknown', code: 'timeout' }],
    ['drop-after', { kind: 'unknown', code: 'connection_lost' }],
  ] as const)('%s is unknown, and the refresh token is used up', async (fault, expected) => {
    await start()
    const grant = await connect()
    server.setFault(fault, 1)
    await expect(refresh(grant.refreshToken, 300)).resolves.toMatchObject(expected)
    await expect(refresh(grant.refreshToken)).resolves.toMatchObject({ kind: 'grant-dead' })
  })

  it('ends a short-lived access token when it says', async () => {
    await start({ accessTokenSeconds: 2 })
    expect(await connect()).toMatchObject({ lifeMs: 2_000, expiryBasis: 'stated' })
  })
})

function mainGrant(outcome: TokenOutcome): MintedGrant & { refreshToken: SecretText } {
  if (outcome.kind !== 'granted') throw new Error(`not granted: ${outcome.message}`)
  return outcome.grants['main'] as MintedGrant & { refreshToken: SecretText }
}
