import { createRemoteJWKSet, type JWTVerifyGetKey } from 'jose'

/** Keys of an issuer are fetched again this often, and at once when a token names one we do not know. */
const KEYS_MAX_AGE_MS = 10 * 60_000
/** A request waits for discovery or the keys this long at most. */
const KEYS_TIMEOUT_MS = 3_000
/** Discovery documents of large providers have some 5 KiB. */
const MAX_DOCUMENT_BYTES = 256 * 1024

/**
 * The keys of any OpenID provider: where they are is looked up in its discovery document (OpenID Connect Discovery
 * 1.0 §4) unless `jwksUrl` says it. Nothing is fetched before the first token comes: the vault starts while its
 * issuer is down, and a cold start does not pay for what its first request may not need. A failed look-up is tried
 * again by the next request.
 */
export function discoveredKeys({ issuer, jwksUrl }: { issuer: string; jwksUrl?: string }): JWTVerifyGetKey {
  let keys: JWTVerifyGetKey | undefined
  return async (header, token) => {
    keys ??= createRemoteJWKSet(jwksUrl === undefined ? await keySetUrl(issuer) : new URL(jwksUrl), {
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
  const text = await response.text()
  if (!response.ok || text.length > MAX_DOCUMENT_BYTES)
    throw new TypeError('the issuer has no discovery document')
  const document = documentOf(text)
  // OpenID Connect Discovery 1.0 §4.3: a document that names another issuer must not be used.
  if (document.issuer !== issuer || document.jwks_uri === undefined) {
    throw new TypeError('the discovery document does not belong to the issuer')
  }
  return new URL(document.jwks_uri)
}

function documentOf(text: string): { issuer?: unknown; jwks_uri?: string } {
  try {
    return JSON.parse(text) ?? {}
  } catch {
    throw new TypeError('the discovery document is not JSON')
  }
}
