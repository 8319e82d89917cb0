import type { JWTPayload } from 'jose'

/** How a tenant is made of its claim. */
export type TenantMapping = 'exact' | 'escape'

const TENANT = /^[A-Za-z0-9_-]{1,64}$/
/** What `escape` leaves as it is; `_` is not among them, because it begins every escape. */
const PLAIN = /^[A-Za-z0-9-]$/
/** Where issuers put what a client may do: RFC 9068 §2.2.3, Okta and Entra (`scp`), Auth0 (`permissions`), Entra (`roles`). */
const SCOPE_CLAIMS = ['scope', 'scp', 'permissions', 'roles']

/** The tenant, or why there is none: which the log is told, and not the caller. */
export function tenantOf(
  payload: JWTPayload,
  claim: string,
  mapping: TenantMapping,
): { readonly tenant: string } | { readonly problem: string } {
  const given = payload[claim]
  if (given === undefined) return { problem: 'the tenant claim is missing' }
  const tenant = mapping === 'escape' ? escaped(given) : given
  if (typeof tenant !== 'string') return { problem: 'the tenant claim is no text' }
  if (TENANT.test(tenant)) return { tenant }
  return {
    problem: 'the tenant claim is empty, too long, or has characters other than letters, digits, _ and -',
  }
}

/**
 * The claim as a tenant, never the same for two claims: each character other than letters, digits and `-` becomes
 * `_` and the two hex digits of each of its UTF-8 bytes. A number counts as its digits, a list of one as what is in it.
 */
function escaped(claim: unknown): string | undefined {
  const value: unknown = Array.isArray(claim) && claim.length === 1 ? claim[0] : claim
  const text = Number.isSafeInteger(value) ? String(value) : value
  if (typeof text !== 'string') return undefined
  return [...text].map((character) => (PLAIN.test(character) ? character : hexOf(character))).join('')
}

function hexOf(character: string): string {
  return [...Buffer.from(character)]
    .map((byte) => `_${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('')
}

/** What the token allows: of one claim when it is named, else of all the usual ones; each a text or a list of texts. */
export function scopesOf(payload: JWTPayload, claim: string | undefined): Set<string> {
  const claims = claim === undefined ? SCOPE_CLAIMS : [claim]
  return new Set(claims.flatMap((name) => textsOf(payload[name])))
}

function textsOf(claim: unknown): string[] {
  if (typeof claim === 'string') return claim.split(' ').filter((text) => text !== '')
  if (!Array.isArray(claim)) return []
  return claim.filter((item): item is string => typeof item === 'string').flatMap((item) => item.split(' '))
}
