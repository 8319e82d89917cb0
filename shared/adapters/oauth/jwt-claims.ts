import type { JsonObject } from '../../domain/json.ts'
import { objectOf } from './answer-json.ts'

/** Longer tokens are not looked into: the claims read here are in every short one too. */
const MAX_JWT_CHARS = 65_536

/**
 * The claims of a token that is a JWT (RFC 7519 §3.1), or undefined. Its signature is not checked: the token came
 * over TLS from the endpoint that was asked (OpenID Connect Core §3.1.3.7), and nothing is allowed because of it.
 */
export function claimsOf(token: string): JsonObject | undefined {
  if (token.length > MAX_JWT_CHARS) return undefined
  const parts = token.split('.')
  const [header = '', payload = ''] = parts
  if (parts.length !== 3 || decoded(header) === undefined) return undefined
  return decoded(payload)
}

function decoded(part: string): JsonObject | undefined {
  return /^[A-Za-z0-9_-]+=*$/.test(part)
    ? objectOf(Buffer.from(part, 'base64url').toString('utf8'))
    : undefined
}
