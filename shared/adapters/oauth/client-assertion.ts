import type { KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import type * as oauth from 'oauth4webapi'
import type { GrantProfile } from '../../domain/grant-profile.ts'
import { newUuid } from '../../domain/ids.ts'
import type { JsonObject } from '../../domain/json.ts'
import { KEYS_FOR, signingKeyOf } from '../../domain/signing-key.ts'
import type { TokenFailure } from '../../ports/oauth-client.ts'
import type { Random } from '../../ports/random.ts'
import { failureBeforeSending } from './token-failure.ts'

/** Servers allow a few minutes at most (Okta an hour, FAPI 2 one); a minute is room enough for two clocks. */
const LIFE_SECONDS = 60
/** Servers whose clock is behind ours refuse an `iat` that lies in their future. */
const BACKDATE_SECONDS = 10
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** What an assertion is made with. */
export interface AssertionContext {
  readonly profile: GrantProfile
  readonly setup: JsonObject
  readonly tokenUrl: string
  readonly nowMs: number
  readonly random: Random
}

/**
 * The client authentication `private_key_jwt` (OpenID Connect Core §9, RFC 7523 §2.2), or the failure that the
 * setup's key causes. The algorithm is the key's own: RS256, ES256 to ES512, or EdDSA.
 */
export function privateKeyJwt(context: AssertionContext): oauth.ClientAuth | TokenFailure {
  const signing = signingKeyOf(textOf(context, context.profile.clientAssertion?.key), 'client-assertion')
  if (signing === undefined) {
    const message = `The private key is not ${KEYS_FOR['client-assertion']}.`
    return failureBeforeSending('app-broken', 'invalid_key', message)
  }
  return assertion(context, signing)
}

/** The client authentication `client_secret_jwt`: the same, signed with the secret by HS256. */
export function clientSecretJwt(context: AssertionContext, secret: string): oauth.ClientAuth {
  return assertion(context, { key: Buffer.from(secret, 'utf8'), algorithm: 'HS256' })
}

function assertion(
  context: AssertionContext,
  signing: { readonly key: KeyObject | Uint8Array; readonly algorithm: string },
): oauth.ClientAuth {
  const { profile, tokenUrl, nowMs, random } = context
  const keyId = textOf(context, profile.clientAssertion?.keyId)
  const audience = textOf(context, profile.clientAssertion?.audience) ?? tokenUrl
  return async (_server, client, body) => {
    const issuedAt = Math.floor(nowMs / 1000) - BACKDATE_SECONDS
    const signed = await new SignJWT({ jti: newUuid(random) })
      .setProtectedHeader({
        alg: signing.algorithm,
        typ: 'JWT',
        ...(keyId === undefined ? {} : { kid: keyId }),
      })
      .setIssuer(client.client_id)
      .setSubject(client.client_id)
      .setAudience(audience)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + BACKDATE_SECONDS + LIFE_SECONDS)
      .sign(signing.key)
    body.set('client_id', client.client_id)
    body.set('client_assertion_type', ASSERTION_TYPE)
    body.set('client_assertion', signed)
  }
}

function textOf({ setup }: AssertionContext, field: string | undefined): string | undefined {
  const value = field === undefined ? undefined : setup[field]
  return typeof value === 'string' && value !== '' ? value : undefined
}
