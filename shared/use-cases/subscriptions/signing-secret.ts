import { Webhook } from 'standardwebhooks'
import { SecretText } from '../../domain/secret-text.ts'
import type { Random } from '../../ports/random.ts'
import { sealableSetup } from '../commit/sealable-setup.ts'

/** Standard Webhooks: 24 to 64 random bytes. */
const KEY_BYTES = 32

/** A new signing secret as receivers' libraries take it: `whsec_` and base64. */
export function newSigningSecret(random: Pick<Random, 'bytes'>): SecretText {
  return new SecretText(`whsec_${Buffer.from(random.bytes(KEY_BYTES)).toString('base64')}`)
}

/** The secret as it is sealed. */
export function signingContent(secret: SecretText): SecretText {
  return sealableSetup({ key: secret.reveal() })
}

/** The headers of one try after Standard Webhooks: a signature by each key, and the instant of this try. */
export function signedHeaders(
  keys: readonly SecretText[],
  { id, body, nowMs }: { id: string; body: string; nowMs: number },
): Record<string, string> {
  const at = new Date(nowMs)
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(nowMs / 1000)),
    'webhook-signature': keys.map((key) => new Webhook(key.reveal()).sign(id, at, body)).join(' '),
  }
}
