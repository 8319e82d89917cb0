import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { DiscoveredKeys } from '../../../../shared/adapters/jwt/discovered-keys.ts'
import { JoseTokenVerifier } from '../../../../shared/adapters/jwt/jose-token-verifier.ts'
import type { LogFields } from '../../../../shared/ports/log.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DISCOVERY = '/.well-known/openid-configuration'

type Reply =
  | { status?: number; body: string | Buffer; headers?: http.OutgoingHttpHeaders }
  | 'hang up'
  | 'break off'

describe('DiscoveredKeys', () => {
  let server: http.Server
  let issuer: string
  let replies: Record<string, Reply>
  let asked: string[]
  let keys: { kid: string; privateKey: CryptoKey; jwk: JWK }[]
  let clock: ManualClock
  let lines: LogFields[]
  let verifier: JoseTokenVerifier

  beforeAll(async () => {
    keys = await Promise.all(['one', 'two'].map(makeKey))
    server = http.createServer((request, response) => {
      asked.push(request.url ?? '')
      const reply = replies[request.url ?? ''] ?? { status: 404, body: '' }
      if (reply === 'hang up') response.destroy()
      else if (reply === 'break off') response.write('{"keys":[', () => response.destroy())
      else response.writeHead(reply.status ?? 200, reply.headers).end(reply.body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/realms/main`
  })
  afterAll(() => new Promise((resolve) => server.close(resolve)))

  beforeEach(() => {
    asked = []
    lines = []
    replies = {
      [`/realms/main${DISCOVERY}`]: discovery(),
      '/keys': { body: JSON.stringify({ keys: [keys[0]!.jwk] }) },
    }
    clock = new ManualClock()
    verifier = verifierOf({})
  })

  const discovery = (document = {}): Reply => ({
    body: JSON.stringify({ issuer, jwks_uri: `${new URL(issuer).origin}/keys`, ...document }),
  })
  const log = { error: (_message: string, fields: LogFields = {}) => void lines.push(fields) } as never
  const verifierOf = (options: { jwksUrl?: string }) =>
    new JoseTokenVerifier({
      issuer,
      audience: 'vault',
      tenantClaim: 'org',
      keys: new DiscoveredKeys({ issuer, clock, log, ...options }).find,
    })

  async function makeKey(kid: string) {
    const { privateKey, publicKey } = await generateKeyPair('RS256')
    return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'RS256' } }
  }
  let minted = 0
  /** A token that nobody has verified before. */
  function token(by = 0, claims = {}): Promise<string> {
    const nowS = Math.floor(clock.nowMs() / 1000)
    return new SignJWT({ org: 'acme', sub: 'ci', n: minted++, ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: keys[by]!.kid })
      .setIssuer(issuer)
      .setAudience('vault')
      .setIssuedAt(nowS)
      .setExpirationTime(nowS + 3600)
      .sign(keys[by]!.privateKey)
  }
  const verify = async (text: string | Promise<string>) => {
    try {
      return (await verifier.verify(await text, clock.nowMs())).tenant
    } catch (error) {
      const { code, detail } = error as { code: string; detail: { logReason?: string } }
      return `${code}: ${detail.logReason}`
    }
  }
  const UNAVAILABLE = 'store-unavailable: the keys of the issuer'

  it('finds the keys by discovery below the path of the issuer, or where the setting says', async () => {
    expect(await verify(token())).toBe('acme')
    expect(asked).toEqual([`/realms/main${DISCOVERY}`, '/keys'])
    asked = []
    verifier = verifierOf({ jwksUrl: `${new URL(issuer).origin}/keys` })
    expect(await verify(token())).toBe('acme')
    expect(asked).toEqual(['/keys'])
  })

  it('looks up once for all who come at the same time', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, () => token()))
    expect(new Set(await Promise.all(tokens.map(verify)))).toEqual(new Set(['acme']))
    expect(asked).toHaveLength(2)
  })

  it('reads keys that come compressed although nobody asked for that', async () => {
    const body = gzipSync(JSON.stringify({ keys: [keys[0]!.jwk] }))
    replies['/keys'] = { body, headers: { 'content-encoding': 'gzip' } }
    expect(await verify(token())).toBe('acme')
  })

  const TROUBLES: [string, () => Record<string, Reply>][] = [
    ['a page of a gateway', () => ({ [`/realms/main${DISCOVERY}`]: { status: 502, body: '<html>' } })],
    ['HTML with 200', () => ({ [`/realms/main${DISCOVERY}`]: { body: '<html>' } })],
    ['nothing with 200', () => ({ [`/realms/main${DISCOVERY}`]: { body: '' } })],
    ['null', () => ({ [`/realms/main${DISCOVERY}`]: { body: 'null' } })],
    ['a cut connection', () => ({ [`/realms/main${DISCOVERY}`]: 'hang up' })],
    ['another issuer', () => ({ [`/realms/main${DISCOVERY}`]: discovery({ issuer: `${issuer}/` }) })],
    ['no address of keys', () => ({ [`/realms/main${DISCOVERY}`]: discovery({ jwks_uri: undefined }) })],
    [
      'keys over plain http',
      () => ({ [`/realms/main${DISCOVERY}`]: discovery({ jwks_uri: 'http://a.test/k' }) }),
    ],
    ['keys that answer 503', () => ({ '/keys': { status: 503, body: '{}' } })],
    ['keys that are null', () => ({ '/keys': { body: 'null' } })],
    ['keys that are a list', () => ({ '/keys': { body: '[]' } })],
    ['an empty key set', () => ({ '/keys': { body: '{"keys":[]}' } })],
    ['keys that are no objects', () => ({ '/keys': { body: '{"keys":[7]}' } })],
    [
      'a broken key',
      () => ({ '/keys': { body: '{"keys":[{"kty":"RSA","kid":"one","alg":"RS256","n":"!"}]}' } }),
    ],
    [
      'keys that moved',
      () => ({
        '/keys': { status: 302, body: '', headers: { location: '/moved' } },
        '/moved': replies['/keys']!,
      }),
    ],
    ['keys cut short', () => ({ '/keys': 'break off' })],
    ['300 KB', () => ({ '/keys': { body: `{"keys":[],"pad":"${'x'.repeat(300_000)}"}` } })],
  ]
  it.each(TROUBLES)('takes %s for the issuer’s trouble, not the token’s', async (_what, change) => {
    replies = { ...replies, ...change() }
    expect(await verify(token())).toBe(UNAVAILABLE)
  })

  it('asks an issuer in trouble once in five seconds, and tells the operator why', async () => {
    replies[`/realms/main${DISCOVERY}`] = discovery({ issuer: `${issuer}/` })
    for (let n = 0; n < 50; n++) expect(await verify(token())).toBe(UNAVAILABLE)
    expect(asked).toHaveLength(1)
    expect(lines).toEqual([
      expect.objectContaining({
        url: issuer,
        reason: 'the discovery document names another issuer than the setting: compare them',
      }),
    ])
    replies[`/realms/main${DISCOVERY}`] = discovery()
    await clock.advance(5_000)
    expect(await verify(token())).toBe('acme')
  })

  it('goes on with the keys it knows for hours while the issuer is away, and not for ever', async () => {
    expect(await verify(token())).toBe('acme')
    replies = {}
    await clock.advance(11 * MINUTE_MS)
    expect(await verify(token())).toBe('acme')
    await clock.advance(11 * HOUR_MS)
    expect(await verify(token())).toBe('acme')
    await clock.advance(HOUR_MS)
    expect(await verify(token())).toBe(UNAVAILABLE)
  })

  it('takes up a new key when a token comes with it, once it has not just looked', async () => {
    expect(await verify(token())).toBe('acme')
    replies['/keys'] = { body: JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }) }
    expect(await verify(token(1))).toBe('unauthenticated: the issuer has no such key')
    await clock.advance(30_000)
    expect(await verify(token(1))).toBe('acme')
  })

  it('does not call a token bad whose key it cannot look for', async () => {
    expect(await verify(token())).toBe('acme')
    replies = {}
    await clock.advance(30_000)
    expect(await verify(token(1))).toBe(UNAVAILABLE)
    expect(await verify(token())).toBe('acme')
  })

  it.each<[string, object, string]>([
    ['another audience', { aud: 'other' }, 'the audience'],
    ['another issuer', { iss: 'https://other.test' }, 'the issuer'],
    ['no tenant', { org: undefined }, 'the tenant claim is missing'],
    ['no subject', { sub: undefined }, 'no azp, client_id or sub'],
  ])('says of a token with %s which check failed', async (_what, claims, reason) => {
    const { org, sub, ...others } = { org: 'acme', sub: 'ci', ...claims } as Record<
      string,
      string | undefined
    >
    const nowS = Math.floor(clock.nowMs() / 1000)
    const payload = { iss: issuer, aud: 'vault', iat: nowS, exp: nowS + 60, org, sub, ...others }
    const signed = await new SignJWT(JSON.parse(JSON.stringify(payload)))
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .sign(keys[0]!.privateKey)
    expect(await verify(signed)).toBe(`unauthenticated: ${reason}`)
    expect(await verify('garbage')).toBe('unauthenticated: no JWT')
  })
})
