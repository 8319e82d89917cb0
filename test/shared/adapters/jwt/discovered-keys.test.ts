import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { discoveredKeys } from '../../../../shared/adapters/jwt/discovered-keys.ts'
import { JoseTokenVerifier } from '../../../../shared/adapters/jwt/jose-token-verifier.ts'
import { type LocalServer, startLocalServer } from '../../../support/local-server.ts'

const DISCOVERY = '/realms/a/.well-known/openid-configuration'
/** 2030-01-01T00:00:00Z */
const NOW_MS = 1_893_456_000_000

let server: LocalServer
let issuer: string
let token: string
/** What the issuer answers at each path. */
let answers: Record<string, string>

beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair('RS256')
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }] }
  server = await startLocalServer((request, response) => {
    const text = answers[String(request.url)]
    response.statusCode = text === undefined ? 404 : 200
    response.setHeader('content-type', 'application/json')
    response.end(text ?? '{}')
  })
  // As Keycloak names its realms: no slash at the end, and the keys at a path of their own.
  issuer = `${server.url}/realms/a`
  token = await new SignJWT({ org: 'acme', azp: 'client' })
    .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
    .setIssuer(issuer)
    .setAudience('vault')
    .setIssuedAt(NOW_MS / 1000 - 60)
    .setExpirationTime(NOW_MS / 1000 + 3600)
    .sign(privateKey)
  answers = {}
  whole = {
    '/keys': JSON.stringify(keys),
    [DISCOVERY]: JSON.stringify({ issuer, jwks_uri: `${server.url}/keys` }),
  }
})
let whole: Record<string, string>
beforeEach(() => {
  answers = { ...whole }
})
afterAll(() => server.close())

function verifier(settings: { jwksUrl?: string } = {}): JoseTokenVerifier {
  const keys = discoveredKeys({ issuer, ...settings })
  return new JoseTokenVerifier({ issuer, audience: 'vault', tenantClaim: 'org', keys })
}

describe('discoveredKeys', () => {
  it('finds the keys of any OpenID provider by its discovery document, and asks for it once', async () => {
    const asked = server.requests.length
    const verify = verifier()
    await expect(verify.verify(token, NOW_MS)).resolves.toMatchObject({ tenant: 'acme' })
    await expect(verify.verify(token, NOW_MS + 1)).resolves.toMatchObject({ tenant: 'acme' })
    expect(server.requests.slice(asked)).toEqual([`GET ${DISCOVERY}`, 'GET /keys'])
  })

  it('asks nobody where the address is set', async () => {
    const asked = server.requests.length
    const verify = verifier({ jwksUrl: `${server.url}/keys` })
    await expect(verify.verify(token, NOW_MS)).resolves.toMatchObject({ tenant: 'acme' })
    expect(server.requests.slice(asked)).toEqual(['GET /keys'])
  })

  it.each([
    ['is away', undefined],
    ['names another issuer', '{"issuer":"https://other.example","jwks_uri":"https://other.example/keys"}'],
    ['names no keys', '{"issuer":"ISSUER"}'],
    ['is no JSON', '<html>'],
    ['is null', 'null'],
  ])('says that the keys cannot be read while the document %s, and tries again', async (_, document) => {
    const { [DISCOVERY]: _gone, ...rest } = whole
    answers = document === undefined ? rest : { ...rest, [DISCOVERY]: document.replace('ISSUER', issuer) }
    const verify = verifier()
    await expect(verify.verify(token, NOW_MS)).rejects.toMatchObject({ code: 'store-unavailable' })
    answers = whole
    await expect(verify.verify(token, NOW_MS)).resolves.toMatchObject({ tenant: 'acme' })
  })
})
