import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'
import { statSync } from 'node:fs'
import { lengthPrefixed } from '../../domain/length-prefixed.ts'
import {
  type KeyContext,
  KeyUnavailableError,
  type KeyWrapper,
  type WrappedKey,
} from '../../ports/key-wrapper.ts'
import type { Random } from '../../ports/random.ts'
import { SealBrokenError } from '../../ports/secret-store.ts'
import { openKeyFile } from './key-file.ts'
import { KEY_BYTES, type KeyFile } from './key-file-format.ts'

const CIPHER = 'aes-256-gcm'
/**
 * 96 random bits, for which NIST SP 800-38D section 8.3 allows 2^32 wraps under one key: 48 years of 10,000
 * connections that rotate hourly. `addKey` starts a new count.
 */
const IV_BYTES = 12
const TAG_BYTES = 16
const WRAPPED_BYTES = IV_BYTES + KEY_BYTES + TAG_BYTES
const DOMAIN = 'flow-vault/wrap/1'

/**
 * Wraps data keys by AES-256-GCM under the active key of a key file, bound to their context. It follows the file:
 * it looks whether the file was replaced before it wraps, so that nothing is wrapped by a key about to be dropped,
 * and reads it again when it meets a key it does not know.
 */
export class LocalKeyWrapper implements KeyWrapper {
  readonly #path: string
  readonly #random: Random
  #file: KeyFile
  #stamp: string

  private constructor(path: string, random: Random, loaded: { file: KeyFile; stamp: string }) {
    this.#path = path
    this.#random = random
    this.#file = loaded.file
    this.#stamp = loaded.stamp
  }

  /** Throws `KeyUnavailableError` as `openKeyFile` does. */
  static async open(path: string, random: Random): Promise<LocalKeyWrapper> {
    return new LocalKeyWrapper(path, random, await load(path))
  }

  /** Reads the key file again. Throws `KeyUnavailableError` as `openKeyFile` does, and keeps the keys it had. */
  async reload(): Promise<void> {
    const { file, stamp } = await load(this.#path)
    this.#file = file
    this.#stamp = stamp
  }

  async generateDataKey(context: KeyContext): Promise<{ plaintext: Uint8Array; key: WrappedKey }> {
    await this.#followFile()
    const plaintext = this.#random.bytes(KEY_BYTES)
    return { plaintext, key: this.#wrap(plaintext, context) }
  }

  async unwrap({ keyId, wrapped }: WrappedKey, context: KeyContext): Promise<Uint8Array> {
    if (!this.#file.keys.has(keyId)) await this.reload()
    const key = this.#file.keys.get(keyId)
    if (key === undefined) throw new KeyUnavailableError(`the key file has no key ${keyId}`)
    return unwrapWith(key, wrapped, context)
  }

  async rewrap(key: WrappedKey, context: KeyContext): Promise<WrappedKey> {
    await this.#followFile()
    if (key.keyId === this.#file.active) return key
    const plaintext = await this.unwrap(key, context)
    try {
      return this.#wrap(plaintext, context)
    } finally {
      plaintext.fill(0)
    }
  }

  async #followFile(): Promise<void> {
    if (stampOf(this.#path) !== this.#stamp) await this.reload()
  }

  #wrap(dataKey: Uint8Array, context: KeyContext): WrappedKey {
    const keyId = this.#file.active
    const iv = this.#random.bytes(IV_BYTES)
    const cipher = createCipheriv(CIPHER, this.#file.keys.get(keyId)!, iv, { authTagLength: TAG_BYTES })
    cipher.setAAD(associatedData(context))
    const wrapped = Buffer.concat([iv, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()])
    return { keyId, wrapped: wrapped.toString('base64') }
  }
}

function unwrapWith(key: KeyObject, wrapped: string, context: KeyContext): Uint8Array {
  const bytes = Buffer.from(wrapped, 'base64')
  const iv = bytes.subarray(0, IV_BYTES)
  try {
    if (bytes.byteLength !== WRAPPED_BYTES) throw new SealBrokenError('a wrapped data key has another length')
    const decipher = createDecipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES })
    decipher.setAAD(associatedData(context))
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()])
  } catch (error) {
    if (error instanceof SealBrokenError) throw error
    throw new SealBrokenError('a wrapped data key does not open: another key, another place, or damaged')
  }
}

/** The names are bound too, so that no context of one kind is ever that of another. */
function associatedData(context: KeyContext): Uint8Array {
  return lengthPrefixed([DOMAIN, ...Object.entries(context).flat()])
}

/** The stamp is taken before the file is read: a change in between is then seen the next time, not missed. */
async function load(path: string): Promise<{ file: KeyFile; stamp: string }> {
  const stamp = stampOf(path)
  return { file: await openKeyFile(path), stamp }
}

/**
 * Differs after every change: the file is always replaced by a new one, never written in place. Asked in this thread:
 * that is 3 µs for a local file, and every version that is sealed would wait for another thread's turn.
 */
function stampOf(path: string): string {
  try {
    const { dev, ino, mtimeNs, size } = statSync(path, { bigint: true })
    return [dev, ino, mtimeNs, size].join(':')
  } catch {
    // Wrapping on by memory would seal secrets that no restart could open.
    throw new KeyUnavailableError(`the key file ${path} is gone or cannot be reached`)
  }
}
