import { createPublicKey, sign } from 'node:crypto'
import { allRoutes } from '../../functions/route-table.ts'
import { ALL_SCOPES } from '../../shared/domain/scopes.ts'
import { rawHead, sendRaw } from '../support/raw-http.ts'
import { type RunningVault, startRunningVault } from '../support/running-vault.ts'
import { hmac, openForge, signed, strangeKey, type TokenForge } from '../support/token-forge.ts'

const LIST = '/api/v2/flows/vault/connections'
const INVALID = { statusCode: 401, error: 'Unauthorized', message: 'Invalid token' }
const EXPIRED = { ...INVALID, message: 'Expired token received for JSON Web Token validation' }
const MISSING = { ...INVALID, message: 'Missing authentication' }
const nowS = () => Math.floor(Date.now() / 1000)

let vault: RunningVault
let forge: TokenForge
const sent: string[] = []

beforeAll(async () => {
  vault = await startRunningVault()
  forge = await openForge(vault, { tenant: 'acme', scope: 'read:flows_vault_connections' })
})

afterAll(async () => {
  await vault?.stop()
})

async function call(authorization: string | undefined, method = 'GET', path = LIST) {
  if (authorization !== undefined) sent.push(authorization)
  const response = await fetch(`${vault.url}${path}`, {
    method,
    ...(authorization === undefined ? {} : { headers: { authorization } }),
    redirect: 'manual',
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text,
  }
}

/** Each makes one token, or the whole header value, out of the forge. */
const REFUSED: readonly [string, (forge: TokenForge) => string][] = [
  [
    'alg none, without a signature',
    (f) => signed({ alg: 'none', typ: 'JWT' }, f.claims(), () => Buffer.alloc(0)),
  ],
  ['alg none in capitals', (f) => signed({ alg: 'NONE', kid: f.kid }, f.claims(), () => Buffer.alloc(0))],
  [
    'HS256 under the public key as PEM',
    (f) => signed({ alg: 'HS256', kid: f.kid }, f.claims(), hmac(pemOf(f))),
  ],
  [
    'HS256 under the public key as JWK',
    (f) => signed({ alg: 'HS256', kid: f.kid }, f.claims(), hmac(JSON.stringify(f.publicJwk))),
  ],
  [
    'HS256 under the modulus',
    (f) => signed({ alg: 'HS256', kid: f.kid }, f.claims(), hmac(Buffer.from(f.publicJwk.n!, 'base64url'))),
  ],
  ['RS512, which this issuer does not sign with', (f) => rs512(f)],
  ['another kid over the right signature', (f) => f.token({ header: { kid: 'other' } })],
  ['the right kid over a stranger’s signature', (f) => f.token({ key: strangeKey().privateKey })],
  ['a stranger’s key, carried along as jwk', (f) => embeddedKey(f)],
  ['a jku header that names another key set', (f) => strangerWith(f, { jku: 'https://evil.test/jwks.json' })],
  ['an x5u header', (f) => strangerWith(f, { x5u: 'https://evil.test/cert.pem' })],
  ['a critical header we do not know', (f) => f.token({ header: { crit: ['exp'], exp: 1 } })],
  ['an unencoded payload', (f) => f.token({ header: { crit: ['b64'], b64: false } })],
  ['an issuer without the trailing slash', (f) => f.token({ claims: { iss: vault.url } })],
  ['another issuer', (f) => f.token({ claims: { iss: 'https://evil.test/' } })],
  ['issuers in a list', (f) => f.token({ claims: { iss: [`${vault.url}/`] } })],
  ['no issuer', (f) => f.token({ claims: { iss: undefined } })],
  ['another audience', (f) => f.token({ claims: { aud: 'https://other.test/api/v2/' } })],
  ['the audience without its slash', (f) => f.token({ claims: { aud: `${vault.url}/api/v2` } })],
  [
    'audiences that are all others',
    (f) => f.token({ claims: { aud: ['https://a.test/', 'https://b.test/'] } }),
  ],
  ['an audience of another type', (f) => f.token({ claims: { aud: { [`${vault.url}/api/v2/`]: true } } })],
  ['no audience', (f) => f.token({ claims: { aud: undefined } })],
  ['an nbf in the future', (f) => f.token({ claims: { nbf: nowS() + 600 } })],
  ['no exp', (f) => f.token({ claims: { exp: undefined } })],
  ['an exp that is text', (f) => f.token({ claims: { exp: String(nowS() + 3600) } })],
  ['no iat', (f) => f.token({ claims: { iat: undefined } })],
  ['no tenant', (f) => f.token({ claims: { tenant: undefined } })],
  ['an empty tenant', (f) => f.token({ claims: { tenant: '' } })],
  ['a tenant that would split a key', (f) => f.token({ claims: { tenant: 'acme#CONNECTIONS' } })],
  ['a tenant with a line break at its end', (f) => f.token({ claims: { tenant: 'acme\n' } })],
  ['a tenant of 65 characters', (f) => f.token({ claims: { tenant: 'a'.repeat(65) } })],
  ['a tenant in a list', (f) => f.token({ claims: { tenant: ['acme'] } })],
  ['a tenant in an object', (f) => f.token({ claims: { tenant: { toString: 'acme' } } })],
  ['no client', (f) => f.token({ claims: { azp: undefined, sub: undefined } })],
  ['a client that there is not', (f) => f.token({ claims: { azp: 'nobody' } })],
  ['what an id token holds', (f) => f.token({ claims: { aud: 'forger', nonce: 'n', at_hash: 'h' } })],
  ['a truncated signature', (f) => f.token().slice(0, -8)],
  ['no signature at all', (f) => f.token().split('.').slice(0, 2).join('.')],
  ['a fourth part', (f) => `${f.token()}.e30`],
  ['five parts, as encrypted tokens have', (f) => `${f.token()}.e30.e30`],
  ['a payload that is a list', (f) => signed({ alg: 'RS256', kid: f.kid }, [f.claims()], rs256(f))],
  ['a payload that is no JSON', (f) => signed({ alg: 'RS256', kid: f.kid }, 'claims', rs256(f))],
  ['a header that is no JSON', () => 'bm9wZQ.e30.c2ln'],
  ['an alg that is a number', (f) => signed({ alg: 256, kid: f.kid }, f.claims(), rs256(f))],
  ['a kid that is an object', (f) => f.token({ header: { kid: { a: 1 } } })],
  ['a key operation as a type confusion', (f) => f.token({ header: { alg: ['RS256'] } })],
  ['9,000 characters', (f) => f.token({ claims: { pad: 'x'.repeat(9000) } })],
  ['garbage', () => 'garbage'],
  ['three dots', () => '...'],
  ['characters that are not base64url', (f) => `${f.token()}!%$`],
]

describe('a token', () => {
  test('of the forge is good as long as nothing is wrong with it', async () => {
    expect((await call(`Bearer ${forge.token()}`)).status).toBe(200)
  })

  test.each(REFUSED)('with %s is refused', async (_what, make) => {
    const answer = await call(`Bearer ${make(forge)}`)
    expect(answer.status).toBe(401)
    expect(answer.body).toEqual(INVALID)
    expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"')
  })

  test('that has expired is told apart, by Auth0’s text', async () => {
    const answer = await call(`Bearer ${forge.token({ claims: { exp: nowS() - 60 } })}`)
    expect(answer.body).toEqual(EXPIRED)
  })

  test('that has expired and has another fault too does not say which', async () => {
    const answer = await call(
      `Bearer ${forge.token({ claims: { exp: nowS() - 60 }, key: strangeKey().privateKey })}`,
    )
    expect(answer.body).toEqual(INVALID)
  })

  test('with our audience among others is good', async () => {
    const aud = ['https://other.test/', `${vault.url}/api/v2/`]
    expect((await call(`Bearer ${forge.token({ claims: { aud } })}`)).status).toBe(200)
  })

  test('with its scopes as permissions is good, whatever else the list holds', async () => {
    const claims = { scope: undefined, permissions: [7, null, 'read:flows_vault_connections'] }
    expect((await call(`Bearer ${forge.token({ claims })}`)).status).toBe(200)
  })

  test('with a scope that only begins like the one needed is short of it', async () => {
    const scope = 'read:flows_vault_connections_all read:flows_vault'
    expect((await call(`Bearer ${forge.token({ claims: { scope } })}`)).status).toBe(403)
  })

  test.each(['scope', 'scp', 'permissions', 'roles'])(
    'with scopes in a list under %s is good',
    async (claim) => {
      const claims = { scope: undefined, [claim]: ['read:flows_vault_connections'] }
      expect((await call(`Bearer ${forge.token({ claims })}`)).status).toBe(200)
    },
  )

  test('of a client that was removed is refused at once', async () => {
    const { clientId } = vault.client({ tenant: 'acme' })
    const token = forge.token({ claims: { azp: clientId } })
    expect((await call(`Bearer ${token}`)).status).toBe(200)
    vault.server.vault.clients.remove(clientId)
    const answer = await call(`Bearer ${token}`)
    expect([answer.status, answer.body]).toEqual([401, INVALID])
  })
})

describe('the Authorization header', () => {
  test('is missed by Auth0’s text, and the answer says how to authenticate', async () => {
    const answer = await call(undefined)
    expect(answer.status).toBe(401)
    expect(answer.body).toEqual(MISSING)
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
  })

  test.each([
    ['another scheme', (token: string) => `Token ${token}`],
    ['Basic credentials', (token: string) => `Basic ${Buffer.from(`x:${token}`).toString('base64')}`],
    ['the bare token', (token: string) => token],
    ['the scheme alone', () => 'Bearer'],
    ['the token in quotes', (token: string) => `Bearer "${token}"`],
    ['two tokens', (token: string) => `Bearer ${token} ${token}`],
    ['two tokens in a list', (token: string) => `Bearer ${token}, Bearer ${token}`],
  ])('with %s is refused', async (_what, header) => {
    const answer = await call(header(forge.token()))
    expect(answer.status).toBe(401)
    expect(answer.body).toEqual(INVALID)
  })

  test('may spell its scheme in any case (RFC 9110 §11.1)', async () => {
    expect((await call(`bearer ${forge.token()}`)).status).toBe(200)
    expect((await call(`BEARER ${forge.token()}`)).status).toBe(200)
  })

  test('given twice is refused, whichever of the two is good', async () => {
    for (const [first, second] of [
      [forge.token(), 'garbage'],
      ['garbage', forge.token()],
      [forge.token(), forge.token()],
    ]) {
      const answer = await sendRaw(
        vault.url,
        rawHead('GET', LIST, [`Authorization: Bearer ${first}`, `Authorization: Bearer ${second}`]),
      )
      expect(answer.status).toBe(401)
      expect(JSON.parse(answer.body)).toEqual(INVALID)
    }
  })

  test('is read from the header only', async () => {
    const token = forge.token()
    for (const name of ['access_token', 'token']) {
      expect((await call(undefined, 'GET', `${LIST}?${name}=${token}`)).status).toBe(401)
    }
  })
})

const ROUTES = allRoutes().map((route) => [`${route.method} ${route.path}`, route] as const)
const GUARDED = ROUTES.filter(([, route]) => route.scopes !== undefined)

describe('the table of routes', () => {
  test('is open to everybody to a monitor, a reader and a browser, and nowhere else', () => {
    expect(ROUTES.filter(([, route]) => route.scopes === undefined).map(([key]) => key)).toEqual([
      'GET /asyncapi.json',
      'GET /healthz',
      'GET /readyz',
      'GET /openapi.json',
      'GET /oauth/start',
      'POST /oauth/start',
      'GET /oauth/return/{id}',
      'POST /oauth/return/{id}',
    ])
  })

  test('asks for at least one scope that there is', () => {
    for (const [, route] of GUARDED) {
      expect(route.scopes!.length).toBeGreaterThan(0)
      expect(ALL_SCOPES).toEqual(expect.arrayContaining([...route.scopes!]))
    }
  })
})

describe.each(GUARDED)('%s', (_key, route) => {
  const path = route.path.replace('{id}', 'ac_0000000000000000000000').replace('{app_id}', 'HTTP')

  test('answers nobody without a token', async () => {
    expect((await call(undefined, route.method, path)).body).toEqual(MISSING)
  })

  test('refuses a token that has every scope but its own', async () => {
    const scope = ALL_SCOPES.filter((other) => !route.scopes!.includes(other)).join(' ')
    const answer = await call(`Bearer ${forge.token({ claims: { scope } })}`, route.method, path)
    expect(answer.status).toBe(403)
    expect(answer.body).toEqual({
      statusCode: 403,
      error: 'Forbidden',
      message: `Insufficient scope, expected any of: ${route.scopes!.join(',')}`,
      errorCode: 'insufficient_scope',
    })
  })

  test.each(route.scopes!.map((scope) => [scope]))('lets a token with %s alone in', async (scope) => {
    const answer = await call(`Bearer ${forge.token({ claims: { scope } })}`, route.method, path)
    expect([401, 403]).not.toContain(answer.status)
    expect(answer.status).toBeLessThan(500)
  })
})

describe('the log', () => {
  test('holds no part of any token that was sent', async () => {
    await vault.stop()
    const log = vault.log().join('\n')
    expect(log).toContain('"status":401')
    const parts = sent.flatMap((header) => header.split(/[\s.,"]+/)).filter((text) => text.length > 12)
    expect(parts.length).toBeGreaterThan(100)
    expect(parts.filter((text) => log.includes(text))).toEqual([])
  })
})

function pemOf(f: TokenForge): string {
  return createPublicKey({ key: f.publicJwk as never, format: 'jwk' })
    .export({ type: 'spki', format: 'pem' })
    .toString()
}

function rs256(f: TokenForge): (input: Buffer) => Buffer {
  return (input) => sign('sha256', input, f.issuerKey)
}

function rs512(f: TokenForge): string {
  return signed({ alg: 'RS512', kid: f.kid }, f.claims(), (input) => sign('sha512', input, f.issuerKey))
}

function embeddedKey(f: TokenForge): string {
  const { privateKey, publicKey } = strangeKey()
  const header = { alg: 'RS256', jwk: publicKey.export({ format: 'jwk' }) }
  return signed(header, f.claims(), (input) => sign('sha256', input, privateKey))
}

function strangerWith(f: TokenForge, header: Record<string, unknown>): string {
  return f.token({ header, key: strangeKey().privateKey })
}
