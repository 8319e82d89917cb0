import { createPrivateKey, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import type { GrantProfile } from '../../domain/grant-profile.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { TokenFailure } from '../../ports/oauth-client.ts'
import type { RenderTemplate } from './render-template.ts'
import { failureBeforeSending } from './token-failure.ts'

/** Google refuses an `iat` in the future, so ours lies this far back to allow for a fast clock. */
const BACKDATE_SECONDS = 30
/** RFC 7518 §3.3: no shorter key may be used with RS256, and jose throws for one. */
const MIN_KEY_BITS = 2048

/**
 * A signed assertion for the JWT bearer grant (RFC 7523 §3), RS256, or the failure that the setup's key or values
 * cause. `scopes` replace the profile's own scope when there are any.
 */
export async function signAssertion(request: {
  readonly assertion: NonNullable<GrantProfile['assertion']>
  readonly setup: JsonObject
  readonly scopes: readonly string[]
  readonly nowMs: number
  readonly render: RenderTemplate
}): Promise<string | TokenFailure> {
  const { assertion, setup, render } = request
  const issuer = render(assertion.issuer, setup)
  const audience = render(assertion.audience, setup)
  const key = privateKeyOf(setup[assertion.key])
  if (key === undefined) {
    const message = `The private key is not an unencrypted RSA key of at least ${MIN_KEY_BITS} bits.`
    return failureBeforeSending('app-broken', 'invalid_key', message)
  }
  if (issuer === undefined || audience === undefined) {
    return failureBeforeSending('app-broken', 'invalid_setup', 'The setup lacks a value of the assertion.')
  }
  const issuedAt = Math.floor(request.nowMs / 1000) - BACKDATE_SECONDS
  const scope = request.scopes.length > 0 ? request.scopes.join(' ') : assertion.scope
  return new SignJWT({ scope })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + assertion.lifeSeconds)
    .sign(key)
}

/** PEM text, also as it is copied out of a JSON key file, where line breaks are spelled `\n`. */
function privateKeyOf(pem: unknown): KeyObject | undefined {
  if (typeof pem !== 'string') return undefined
  try {
    const key = createPrivateKey(pem.replaceAll('\\n', '\n'))
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
    return key.asymmetricKeyType === 'rsa' && bits >= MIN_KEY_BITS ? key : undefined
  } catch {
    // OpenSSL's message tells nothing a person can use, and must not be trusted with key material.
    return undefined
  }
}
