import { createRemoteJWKSet } from 'jose'
import { JoseTokenVerifier } from '../../shared/adapters/jwt/jose-token-verifier.ts'
import type { TokenVerifier } from '../../shared/ports/token-verifier.ts'

/** Keys of a foreign issuer are fetched again this often, and at once when a token names one we do not know. */
const KEYS_MAX_AGE_MS = 10 * 60_000
/** A request waits for the keys this long at most. */
const KEYS_TIMEOUT_MS = 5_000

/** Verifies tokens of the operator's own OpenID provider by the keys it publishes beside its issuer URL. */
export function remoteVerifier(foreign: {
  issuer: string
  audience: string
  tenantClaim: string
}): TokenVerifier {
  const base = foreign.issuer.endsWith('/') ? foreign.issuer : `${foreign.issuer}/`
  return new JoseTokenVerifier({
    ...foreign,
    keys: createRemoteJWKSet(new URL('.well-known/jwks.json', base), {
      cacheMaxAge: KEYS_MAX_AGE_MS,
      timeoutDuration: KEYS_TIMEOUT_MS,
    }),
  })
}
