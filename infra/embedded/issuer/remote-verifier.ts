import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose'
import { JoseTokenVerifier } from '../../../shared/adapters/jwt/jose-token-verifier.ts'
import type { TokenVerifier } from '../../../shared/ports/token-verifier.ts'

/** Keys of a foreign issuer are fetched again this often, and at once when a token names one we do not know. */
const KEYS_MAX_AGE_MS = 10 * 60_000
/** A request waits for discovery or the keys this long at most. */
const KEYS_TIMEOUT_MS = 5_000

/** Verifies tokens of the operator's own OpenID provider, by the keys its discovery document names. */
export function remoteVerifier(foreign: {
  issuer: string
  audience: string
  tenantClaim: string
}): TokenVerifier {
  return new JoseTokenVerifier({ ...foreign, keys: discoveredKeys(foreign.issuer) })
}

/**
 * Looks the key set's address up on first use (OpenID Connect Discovery 1.0 §4), so that the vault starts while its
 * issuer is down; a failed look-up is tried again by the next request.
 */
function discoveredKeys(issuer: string): JWTVerifyGetKey {
  let keys: JWTVerifyGetKey | undefined
  return async (header, token) => {
    keys ??= createRemoteJWKSet(await keySetUrl(issuer), {
      cacheMaxAge: KEYS_MAX_AGE_MS,
      timeoutDuration: KEYS_TIMEOUT_MS,
    })
    return keys(header, token)
  }
}

async function keySetUrl(issuer: string): Promise<URL> {
  const base = issuer.endsWith('/') ? issuer : `${issuer}/`
  const response = await fetch(new URL('.well-known/openid-configuration', base), {
    redirect: 'error',
    signal: AbortSignal.timeout(KEYS_TIMEOUT_MS),
  })
  const document = (await response.json()) as { issuer?: string; jwks_uri?: string }
  // RFC 8414 §3.3: a document that names another issuer must not be used.
  if (document.issuer !== issuer || document.jwks_uri === undefined) {
    throw new TypeError('the discovery document does not belong to the issuer')
  }
  return new URL(document.jwks_uri)
}
