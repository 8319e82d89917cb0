import { open } from 'node:fs/promises'
import { Decrypter, Encrypter } from 'age-encryption'
import type { SecretText } from '../../../shared/domain/secret-text.ts'

/*
 * A byte stream sealed after age-encryption.org/v1, which `age` and `rage` open too: chunks of 64 KiB that are
 * authenticated one by one, so that they can be neither reordered nor dropped, nor the end cut off.
 */

/** scrypt (RFC 7914) at 128 MiB and about a second: N = 2^17, r = 8, p = 1, OWASP's first choice. */
const WORK_FACTOR = 17
/** What `age` takes by itself, 256 MiB. Nothing proves who wrote a file's head, and more is derived for nobody's. */
const MAX_WORK_FACTOR = 18
const CHUNK_BYTES = 64 * 1024
const VERSION_LINE = 'age-encryption.org/v1'
/** The first stanza begins here, and its type says what opens the file; 22 letters of salt come before the work. */
const BEGINNING_BYTES = VERSION_LINE.length + 64
const PASSPHRASE_STANZA = /^-> scrypt \S+ (\d+)$/

/** What a stream is sealed for: one passphrase, or the holders of keys (`age1…`, as `age-keygen` prints them). */
export type SealedFor =
  | { readonly passphrase: SecretText; readonly workFactor?: number }
  | { readonly recipients: readonly string[] }

/** What opens a sealed stream: its passphrase, or any of these keys (`AGE-SECRET-KEY-1…`). */
export type OpenedBy = { readonly passphrase: SecretText } | { readonly identities: readonly SecretText[] }

/** It is not a backup, is damaged or cut off, or what should open it does not. Nothing of a bad chunk is handed on. */
export class SealedStreamError extends Error {
  override readonly name = 'SealedStreamError'
}

/** The stream sealed for its passphrase or recipients, which `requireRecipient` has let through. */
export async function* sealStream(
  plain: AsyncIterable<Uint8Array>,
  sealedFor: SealedFor,
): AsyncGenerator<Uint8Array> {
  const encrypter = new Encrypter()
  if ('passphrase' in sealedFor) {
    encrypter.setPassphrase(textOf(sealedFor.passphrase))
    encrypter.setScryptWorkFactor(sealedFor.workFactor ?? WORK_FACTOR)
  } else {
    for (const recipient of sealedFor.recipients) encrypter.addRecipient(recipient)
  }
  yield* await encrypter.encrypt(ReadableStream.from(plain))
}

/** The stream that was sealed. Throws `SealedStreamError`, at the latest at its end. */
export async function* openStream(
  sealed: AsyncIterable<Uint8Array>,
  openedBy: OpenedBy,
): AsyncGenerator<Uint8Array> {
  const decrypter = new Decrypter()
  if ('passphrase' in openedBy) decrypter.addPassphrase(textOf(openedBy.passphrase))
  else for (const identity of openedBy.identities) addIdentity(decrypter, identity)
  const plain = await decrypter.decrypt(ReadableStream.from(sealed)).catch(() => {
    throw new SealedStreamError(
      'passphrase' in openedBy
        ? 'The passphrase is another one, or the backup is damaged.'
        : 'It was made for other keys, or the backup is damaged.',
    )
  })
  let length = 0
  const pieces = plain[Symbol.asyncIterator]()
  for (;;) {
    const piece = await pieces.next().catch(() => {
      throw new SealedStreamError(
        `The backup is damaged or cut off, about ${length} bytes from its beginning.`,
      )
    })
    if (piece.done === true) return
    // The last chunk of a stream that fills its chunks exactly is the one before: an empty one is nothing.
    if (piece.value.byteLength > 0) yield piece.value
    length += Math.min(piece.value.byteLength, CHUNK_BYTES)
  }
}

/** Whether a passphrase or a key opens the file, by its beginning. Throws `SealedStreamError` when it is no backup. */
export async function lockOf(file: string): Promise<'passphrase' | 'key'> {
  const handle = await open(file, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(BEGINNING_BYTES), 0, BEGINNING_BYTES, 0)
    const [version, stanza = ''] = buffer.subarray(0, bytesRead).toString('latin1').split('\n')
    if (version !== VERSION_LINE || !stanza.startsWith('-> '))
      throw new SealedStreamError('This is not a backup of a vault, or it is cut off at its beginning.')
    if (!stanza.startsWith('-> scrypt')) return 'key'
    const workFactor = Number(PASSPHRASE_STANZA.exec(stanza)?.[1] ?? 0)
    if (workFactor > MAX_WORK_FACTOR) {
      throw new SealedStreamError(
        `The backup asks for the work of 2^${workFactor} and is not one of ours, or is damaged. Allowed: 2^${MAX_WORK_FACTOR} at most.`,
      )
    }
    return 'passphrase'
  } finally {
    await handle.close()
  }
}

/** Throws `SealedStreamError` when nobody can have the key of this recipient. */
export function requireRecipient(recipient: string): void {
  try {
    new Encrypter().addRecipient(recipient)
  } catch {
    throw new SealedStreamError(`${recipient} is not a recipient. Allowed: age1…, as age-keygen prints it.`)
  }
}

/** One text, one key, however the keyboard composed its accents (RFC 8265 §4.2.2). */
function textOf(passphrase: SecretText): string {
  return passphrase.reveal().normalize('NFC')
}

function addIdentity(decrypter: Decrypter, identity: SecretText): void {
  try {
    decrypter.addIdentity(identity.reveal())
  } catch {
    throw new SealedStreamError('A key in the identity file is none. Allowed: lines of AGE-SECRET-KEY-1….')
  }
}
