import { createCipheriv, createDecipheriv } from 'node:crypto'
import { InvariantError } from '../../domain/errors.ts'
import { lengthPrefixed } from '../../domain/length-prefixed.ts'
import { SecretText } from '../../domain/secret-text.ts'
import type { KeyContext, KeyWrapper } from '../../ports/key-wrapper.ts'
import type { Random } from '../../ports/random.ts'
import { SealBrokenError } from '../../ports/secret-store.ts'
import type { Envelope } from '../../rows/sealed-rows.ts'

/** Where a sealed text belongs: the context of its data key, and the parts its ciphertext is bound to. */
export interface Place {
  readonly context: KeyContext
  readonly boundTo: readonly string[]
}

const CIPHER = 'aes-256-gcm'
/** NIST SP 800-38D section 5.2.1.1 recommends 96 bits. Each data key seals one text, so a random one never repeats. */
const IV_BYTES = 12
/** The full tag; shorter ones weaken authentication (SP 800-38D appendix C). */
const TAG_BYTES = 16
/** Keeps these bytes apart from those of any other use of AES-GCM in this vault, now or later. */
const DOMAIN = 'flow-vault/sealed/1'

/**
 * Seals `text` by AES-256-GCM under a data key of its own, which is wiped before this returns.
 * Throws what the key wrapper throws.
 */
export async function sealText(
  text: SecretText,
  place: Place,
  { keys, random }: { keys: KeyWrapper; random: Random },
): Promise<Envelope> {
  const seal = await prepareSeal(place, { keys, random })
  return seal(text)
}

/**
 * A data key in hand for one text of this place: sealing it calls nobody, and wipes the key.
 * Throws what the key wrapper throws.
 */
export async function prepareSeal(
  place: Place,
  { keys, random }: { keys: KeyWrapper; random: Random },
): Promise<(text: SecretText) => Envelope> {
  const { plaintext: dataKey, key } = await keys.generateDataKey(place.context)
  const iv = random.bytes(IV_BYTES)
  let isUsed = false
  return (text) => {
    if (isUsed) throw new InvariantError('a data key seals one text')
    isUsed = true
    try {
      const cipher = createCipheriv(CIPHER, dataKey, iv, { authTagLength: TAG_BYTES })
      cipher.setAAD(associatedData(place))
      const sealed = [cipher.update(text.reveal(), 'utf8'), cipher.final(), cipher.getAuthTag()]
      return { ...key, iv: base64(iv), ciphertext: base64(Buffer.concat(sealed)) }
    } finally {
      dataKey.fill(0)
    }
  }
}

/**
 * The text of an envelope that was sealed in this very place. Throws `SealBrokenError` when it was sealed
 * elsewhere or is damaged, and `KeyUnavailableError` when the key of its data key is away; never returns garbage.
 */
export async function openText(envelope: Envelope, place: Place, keys: KeyWrapper): Promise<SecretText> {
  const dataKey = await keys.unwrap({ keyId: envelope.keyId, wrapped: envelope.wrapped }, place.context)
  try {
    const iv = Buffer.from(envelope.iv, 'base64')
    const sealed = Buffer.from(envelope.ciphertext, 'base64')
    if (iv.byteLength !== IV_BYTES || sealed.byteLength < TAG_BYTES) throw new SealBrokenError(BROKEN)
    const decipher = createDecipheriv(CIPHER, dataKey, iv, { authTagLength: TAG_BYTES })
    decipher.setAAD(associatedData(place))
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
    const text = Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), finalOf(decipher)])
    try {
      return new SecretText(text.toString('utf8'))
    } finally {
      text.fill(0)
    }
  } finally {
    dataKey.fill(0)
  }
}

/** The envelope that an item holds. Throws `SealBrokenError` when one of its members is missing. */
export function envelopeOf(stored: Partial<Record<keyof Envelope, unknown>>): Envelope {
  const { keyId, wrapped, iv, ciphertext } = stored
  if (
    typeof keyId !== 'string' ||
    typeof wrapped !== 'string' ||
    typeof iv !== 'string' ||
    typeof ciphertext !== 'string'
  ) {
    throw new SealBrokenError(BROKEN)
  }
  return { keyId, wrapped, iv, ciphertext }
}

const BROKEN = 'a sealed value does not open: it is damaged, or was sealed for another place'

/** The key's name is left out on purpose: a data key is wrapped anew without touching the ciphertext. */
function associatedData(place: Place): Uint8Array {
  return lengthPrefixed([DOMAIN, ...place.boundTo])
}

function finalOf(decipher: ReturnType<typeof createDecipheriv>): Buffer {
  try {
    return decipher.final()
  } catch {
    // OpenSSL says only that it cannot authenticate; the words here tell an operator what that means.
    throw new SealBrokenError(BROKEN)
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
