import { generateKeyPair, SignJWT } from 'jose'
import { JoseTokenVerifier } from '../../../../shared/adapters/jwt/jose-token-verifier.ts'

const ISSUED_AT_S = 1_800_000_000
const EXPIRES_AT_MS = 1_800_003_600_000

describe('JoseTokenVerifier', () => {
  async function openVerifier() {
    const { privateKey, publicKey } = await generateKeyPair('RS256')
    const token = await new SignJWT({ tenant: 'acme', sub: 'ci' })
      .setProtectedHeader({ alg: 'RS256' })
      .setIssuer('https://issuer.test/')
      .setAudience('vault')
      .setIssuedAt(ISSUED_AT_S)
      .setExpirationTime(ISSUED_AT_S + 3600)
      .sign(privateKey)
    const verifier = new JoseTokenVerifier({
      issuer: 'https://issuer.test/',
      audience: 'vault',
      tenantClaim: 'tenant',
      keys: async () => publicKey,
    })
    return (nowMs: number) => verifier.verify(token, nowMs)
  }

  it.each([
    ['new', undefined],
    ['remembered', EXPIRES_AT_MS - 1_000],
  ])(
    'takes a %s token, however often, until five seconds past its expiry, and then no more',
    async (_kind, firstMs) => {
      const verify = await openVerifier()
      if (firstMs !== undefined) await verify(firstMs)
      for (const nowMs of [EXPIRES_AT_MS, EXPIRES_AT_MS, EXPIRES_AT_MS + 4_999]) {
        expect(await verify(nowMs)).toMatchObject({ tenant: 'acme', expiresAtMs: EXPIRES_AT_MS })
      }
      for (const nowMs of [EXPIRES_AT_MS + 5_000, EXPIRES_AT_MS + 5_000]) {
        await expect(verify(nowMs)).rejects.toMatchObject({
          code: 'unauthenticated',
          message: 'Expired token received for JSON Web Token validation',
        })
      }
    },
  )
})
