import { createPrivateKey, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import type * as oauth from 'oauth4webapi'
import type { GrantProfile } from '../../domain/grant-profile.ts'
import { newUuid } from '../../domain/ids.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { TokenFailure } from '../../ports/oauth-client.ts'
import type { Random } from '../../ports/random.ts'
import { failureBeforeSending } from './token-failure.ts'

/** Servers allow a few minutes at most (Okta an hour, FAPI 2 one); a minute is room enough for two clocks. */
const LIFE_SECONDS = 60
/** Servers whose clock is behind ours refuse an `iat` that lies in their future. */
const BACKDATE_SECONDS = 10
/** RFC 7518 §3.3: no shorter key may be used with RS256. */
const MIN_RSA_BITS = 2048
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const EC_ALGORITHMS: Readonly<Record<string, string>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
}

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
  const pem = textOf(context, context.profile.clientAssertion?.key)
  const key = pem === undefined ? undefined : keyOf(pem)
  const algorithm = key === undefined ? undefined : algorithmOf(key)
  if (key === undefined || algorithm === undefined) {
    const message = `The private key is no unencrypted RSA key of at least ${MIN_RSA_BITS} bits, nor an EC or Ed25519 key.`
    return failureBeforeSending('app-broken', 'invalid_key', message)
  }
  return assertion(context, { key, algorithm })
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

function algorithmOf(key: KeyObject): string | undefined {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'rsa') return modulusLength >= MIN_RSA_BITS ? 'RS256' : undefined
  if (key.asymmetricKeyType === 'ec') return EC_ALGORITHMS[namedCurve]
  return key.asymmetricKeyType === 'ed25519' ? 'EdDSA' : undefined
}

/** PEM text, also as it is copied out of a JSON file, where line breaks are spelled `\n`. */
function keyOf(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem.replaceAll('\\n', '\n'))
  } catch {
    // OpenSSL's message tells nothing a person can use, and must not be trusted with key material.
    return undefined
  }
}

function textOf({ setup }: AssertionContext, field: string | undefined): string | undefined {
  const value = field === undefined ? undefined : setup[field]
  return typeof value === 'string' && value !== '' ? value : undefined
}
