import { type CryptoKey, generateKeyPair, SignJWT } from 'jose'
import { JoseTokenVerifier } from '../../../../shared/adapters/jwt/jose-token-verifier.ts'

const ISSUED_AT_S = 1_800_000_000
const EXPIRES_AT_MS = 1_800_003_600_000

const verifierWith = (keys: () => Promise<CryptoKey>) =>
  new JoseTokenVerifier({ issuer: 'https://issuer.test/', audience: 'vault', tenantClaim: 'tenant', keys })

const signedBy = (key: CryptoKey) =>
  new SignJWT({ tenant: 'acme', sub: 'ci' })
    .setProtectedHeader({ alg: 'RS256' })
    .setIssuer('https://issuer.test/')
    .setAudience('vault')
    .setIssuedAt(ISSUED_AT_S)
    .setExpirationTime(ISSUED_AT_S + 3600)
    .sign(key)

describe('JoseTokenVerifier', () => {
  async function openVerifier() {
    const { privateKey, publicKey } = await generateKeyPair('RS256')
    const token = await signedBy(privateKey)
    const verifier = verifierWith(async () => publicKey)
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

  it('looks at a refused token once in a second', async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256')
    const other = await generateKeyPair('RS256')
    let [looks, key] = [0, other.publicKey]
    const verifier = verifierWith(async () => {
      looks++
      return key
    })
    const token = await signedBy(privateKey)
    const atMs = ISSUED_AT_S * 1000
    for (const nowMs of [atMs, atMs, atMs + 999]) {
      await expect(verifier.verify(token, nowMs)).rejects.toMatchObject({ code: 'unauthenticated' })
    }
    expect(looks).toBe(1)
    // The issuer has a new key, and a second is over.
    key = publicKey
    expect(await verifier.verify(token, atMs + 1_000)).toMatchObject({ tenant: 'acme' })
  })

  it("asks again after the issuer's trouble", async () => {
    let isDown = true
    const { publicKey, privateKey } = await generateKeyPair('RS256')
    const verifier = verifierWith(async () => {
      if (isDown) throw new Error('down')
      return publicKey
    })
    const token = await signedBy(privateKey)
    await expect(verifier.verify(token, ISSUED_AT_S * 1000)).rejects.toMatchObject({
      code: 'store-unavailable',
    })
    isDown = false
    expect(await verifier.verify(token, ISSUED_AT_S * 1000)).toMatchObject({ tenant: 'acme' })
  })
})
