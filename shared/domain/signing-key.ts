import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'

/** What the vault signs with a key that somebody entered. */
export type KeyUse = 'rs256-assertion' | 'client-assertion'

/** RFC 7518 §3.3: no shorter key may be used with RS256, and jose throws for one. */
const MIN_RSA_BITS = 2048
/** A signature takes eight times as long for twice the bits, about 5 ms here: past this it holds up everybody else. */
const MAX_RSA_BITS = 4096
/** PEM of the longest of these keys has 3,300 characters; what is much longer is not even parsed. */
const MAX_PEM_CHARS = 16_384
const EC_ALGORITHMS: Readonly<Record<string, string>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
}

/** The keys that each use takes, in words for a person. */
export const KEYS_FOR: Readonly<Record<KeyUse, string>> = {
  'rs256-assertion': `an unencrypted PEM private key, RSA of ${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits, whole`,
  'client-assertion': `an unencrypted PEM private key, RSA of ${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits, EC (P-256, P-384, P-521) or Ed25519, whole`,
}

/** A key, and the algorithm of JWS (RFC 7518 §3.1) that it signs with. */
export interface SigningKey {
  readonly key: KeyObject
  readonly algorithm: string
}

/**
 * The key in a PEM text, also as it is copied out of a JSON file, where line breaks are spelled `\n`; undefined for
 * what is no key, or none of the use.
 */
export function signingKeyOf(pem: unknown, use: KeyUse): SigningKey | undefined {
  if (typeof pem !== 'string' || pem.length > MAX_PEM_CHARS) return undefined
  try {
    const key = createPrivateKey(pem.replaceAll('\\n', '\n'))
    const algorithm = algorithmOf(key)
    const isOfUse = use === 'client-assertion' || algorithm === 'RS256'
    return algorithm === undefined || !isOfUse ? undefined : { key, algorithm }
  } catch {
    // OpenSSL's message tells nothing a person can use, and must not be trusted with key material.
    return undefined
  }
}

/**
 * Whether a PEM text is a key of the use that really signs, for when it is entered. One with a wrong character in it is
 * parsed all the same; its signatures fail, or nobody can verify them.
 */
export function canSign(pem: unknown, use: KeyUse): boolean {
  const key = signingKeyOf(pem, use)?.key
  if (key === undefined) return false
  const tried = Buffer.from('tried')
  const hash = key.asymmetricKeyType === 'ed25519' ? null : 'sha256'
  try {
    return verify(hash, tried, createPublicKey(key), sign(hash, tried, key))
  } catch {
    // As above: OpenSSL's message is nothing for a person.
    return false
  }
}

function algorithmOf(key: KeyObject): string | undefined {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'rsa')
    return modulusLength >= MIN_RSA_BITS && modulusLength <= MAX_RSA_BITS ? 'RS256' : undefined
  if (key.asymmetricKeyType === 'ec') return EC_ALGORITHMS[namedCurve]
  return key.asymmetricKeyType === 'ed25519' ? 'EdDSA' : undefined
}
