import type { JsonValue } from '../../domain/json.ts'

/**
 * Names that mean Bearer. Apigee's pages name `BearerToken` as a known deviation; `jwt`, `at+jwt` and `access_token`
 * say what the token is and not how it is sent; `user` and `bot` are Slack's.
 */
const BEARER_NAMES: ReadonlySet<string> = new Set([
  'bearer',
  'bearertoken',
  'bearer token',
  'bearer_token',
  'bearer-token',
  'token',
  'access_token',
  'accesstoken',
  'access token',
  'oauth',
  'oauth2',
  'jwt',
  'at+jwt',
  'user',
  'bot',
])

/**
 * Types that need a proof with every call, which is not made here: draft-ietf-oauth-v2-http-mac, RFC 9449 (DPoP) and
 * RFC 8705's and older kin. As a bearer token each would be refused by the service.
 */
const PROOF_NAMES = /^(?:mac|hmac|hawk|dpop|pop|hok|signed|http[-_ ]?sig(?:nature)?)\b/i
/** What of a type is repeated in a message: it is the provider's text. */
const MAX_SHOWN_CHARS = 20

/** How a token is sent. `unknown`: by a name nobody knows, taken for Bearer, since it would else be lost. */
export type TokenType =
  | { readonly kind: 'bearer' | 'unknown' }
  | { readonly kind: 'refused'; readonly name: string }

/**
 * Reads `token_type` (RFC 6749 §7.1). It is required there, but LinkedIn and others leave it out: a missing or empty
 * one is Bearer, and so is a list with it in it. `others` are more names that the provider has for it, in lower case.
 */
export function readTokenType(value: JsonValue | undefined, others: readonly string[] = []): TokenType {
  if (Array.isArray(value)) return readList(value as JsonValue[], others)
  if (typeof value !== 'string') return { kind: 'bearer' }
  // RFC 8693 §3 has names in full; a parameter behind it says nothing of how it is sent.
  const name = value
    .trim()
    .toLowerCase()
    .replace(/^urn:ietf:params:oauth:token-type:/, '')
    .replace(/\s*;.*$/s, '')
  if (name.includes(',')) return readList(name.split(','), others)
  if (name === '' || BEARER_NAMES.has(name) || others.includes(name)) return { kind: 'bearer' }
  if (!PROOF_NAMES.test(name)) return { kind: 'unknown' }
  const shown = value.trim().replace(/[^A-Za-z0-9_ -]/g, '')
  return { kind: 'refused', name: shown.slice(0, MAX_SHOWN_CHARS) }
}

/** Of several ways the one that can be gone counts. */
function readList(names: readonly JsonValue[], others: readonly string[]): TokenType {
  const types = names.map((name) => readTokenType(name, others))
  return types.find(({ kind }) => kind === 'bearer') ?? types[0] ?? { kind: 'bearer' }
}
