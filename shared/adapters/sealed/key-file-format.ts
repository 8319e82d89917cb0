import { createSecretKey, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { KeyUnavailableError } from '../../ports/key-wrapper.ts'

/** The keys of an embedded vault. A `KeyObject` does not print its bytes. */
export interface KeyFile {
  /** The id of the vault that its database is marked with too. */
  readonly vault: string
  /** How often a server has begun to use that database, as far as this file knows; 0: it is still to be made. */
  readonly opened: number
  /** The id of the key that wraps from now on. */
  readonly active: string
  readonly keys: ReadonlyMap<string, KeyObject>
  /** Apart from the wrapping keys and never rotated: digests made with it could not be compared any more. */
  readonly digestKey: KeyObject
}

/** AES-256 and HMAC-SHA-256 both take 32 bytes. */
export const KEY_BYTES = 32

const keyText = z.base64().refine((text) => Buffer.from(text, 'base64').byteLength === KEY_BYTES)

const keyFileSchema = z.strictObject({
  version: z.literal(2),
  vault: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  opened: z.int().min(0),
  active: z.string(),
  keys: z.record(z.string().regex(/^[A-Za-z0-9_-]{1,64}$/), keyText),
  digest_key: keyText,
})

/**
 * The keys in the text of a key file. Throws `KeyUnavailableError` with the place of the first fault, never with
 * what stands there.
 */
export function parseKeyFile(text: string, path: string): KeyFile {
  const result = keyFileSchema.safeParse(parseJson(text, path))
  if (!result.success) {
    const fault = result.error.issues[0]
    const at = fault?.path.map(String).join('.') || 'the top'
    throw malformed(
      path,
      fault?.code === 'unrecognized_keys' ? 'it has a field of no known name' : `see ${at}`,
    )
  }
  const { vault, opened, active, digest_key: digestKey } = result.data
  const keys = new Map(Object.entries(result.data.keys).map(([keyId, key]) => [keyId, keyOf(key)]))
  if (!keys.has(active)) throw malformed(path, 'its active key is not among its keys')
  return { vault, opened, active, keys, digestKey: keyOf(digestKey) }
}

/** The text of a key file: JSON, to be written where only the owner can read it. */
export function formatKeyFile(file: KeyFile): string {
  const keys = Object.fromEntries([...file.keys].map(([keyId, key]) => [keyId, textOf(key)]))
  const { vault, opened, active } = file
  const content = { version: 2, vault, opened, active, keys, digest_key: textOf(file.digestKey) }
  return `${JSON.stringify(content, undefined, 2)}\n`
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's own message quotes the text, which is made of keys.
    throw malformed(path, 'it is not JSON')
  }
}

function malformed(path: string, reason: string): KeyUnavailableError {
  return new KeyUnavailableError(`the key file ${path} is malformed: ${reason}`)
}

function keyOf(text: string): KeyObject {
  return createSecretKey(Buffer.from(text, 'base64'))
}

function textOf(key: KeyObject): string {
  return key.export().toString('base64')
}
