import { SignJWT } from 'jose'
import type { GrantProfile } from '../../domain/grant-profile.ts'
import type { JsonObject } from '../../domain/json.ts'
import { KEYS_FOR, signingKeyOf } from '../../domain/signing-key.ts'
import type { TokenFailure } from '../../ports/oauth-client.ts'
import type { RenderTemplate } from './render-template.ts'
import { failureBeforeSending } from './token-failure.ts'

/** Google refuses an `iat` in the future, so ours lies this far back to allow for a fast clock. */
const BACKDATE_SECONDS = 30

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
  const signing = signingKeyOf(setup[assertion.key], 'rs256-assertion')
  if (signing === undefined) {
    const message = `The private key is not ${KEYS_FOR['rs256-assertion']}.`
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
    .sign(signing.key)
}
