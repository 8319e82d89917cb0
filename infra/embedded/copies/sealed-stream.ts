import { createCipheriv, createDecipheriv, scrypt } from 'node:crypto'
import type { SecretText } from '../../../shared/domain/secret-text.ts'
import type { Random } from '../../../shared/ports/random.ts'

/*
 * A byte stream sealed under a passphrase, in chunks that are authenticated one by one, so that neither side holds
 * more than one of them. The layout follows STREAM (Hoang, Reyhanitabar, Rogaway and Vizár, 2015): the nonce holds
 * the chunk's number and whether it is the last, so that chunks can be neither reordered nor dropped, nor the end
 * cut off.
 *
 *   magic (8) | log2 N (1) | r (1) | p (1) | salt (16) | chunks: ciphertext (64 KiB, the last one 0 to 64 KiB) tag (16)
 */

const MAGIC = Buffer.from('FLOWVLT1', 'latin1')
/** scrypt (RFC 7914) at 128 MiB and about half a second: N = 2^17, r = 8, p = 1, OWASP's first choice. */
const LOG2_N = 17
const BLOCK_SIZE = 8
const PARALLELISM = 1
/** What a file may ask for: 1 GiB. Its header is read before it is authenticated. */
const MAX_LOG2_N = 20
const SALT_BYTES = 16
const HEADER_BYTES = MAGIC.byteLength + 3 + SALT_BYTES
const KEY_BYTES = 32
const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
const CHUNK_BYTES = 64 * 1024

/** It is not a backup, is damaged or cut off, or the passphrase is another one. Nothing of a bad chunk is handed on. */
export class SealedStreamError extends Error {
  override readonly name = 'SealedStreamError'
}

/** The stream sealed under the passphrase, chunk by chunk. A smaller `log2N` derives the key faster, for tests. */
export async function* sealStream(
  plain: AsyncIterable<Uint8Array>,
  passphrase: SecretText,
  { random, log2N = LOG2_N }: { random: Random; log2N?: number },
): AsyncGenerator<Buffer> {
  const header = Buffer.concat([
    MAGIC,
    Buffer.from([log2N, BLOCK_SIZE, PARALLELISM]),
    random.bytes(SALT_BYTES),
  ])
  const key = await keyOf(header, passphrase)
  yield header
  let number = 0
  // The last full chunk is held back until more comes: only then is it known not to be the last.
  let held: Buffer | undefined
  for await (const chunk of inChunks(plain, CHUNK_BYTES)) {
    if (held !== undefined) yield seal(key, header, { number: number++, isLast: false }, held)
    held = chunk
  }
  yield seal(key, header, { number, isLast: true }, held ?? Buffer.alloc(0))
}

/** The stream that was sealed under the passphrase. Throws `SealedStreamError`, at the latest at its end. */
export async function* openStream(
  sealed: AsyncIterable<Uint8Array>,
  passphrase: SecretText,
): AsyncGenerator<Buffer> {
  let header: Buffer | undefined
  let key: Buffer | undefined
  let number = 0
  let held: Buffer | undefined
  for await (const chunk of inChunks(sealed, CHUNK_BYTES + TAG_BYTES, HEADER_BYTES)) {
    if (header === undefined) {
      header = chunk
      key = await keyOf(checkHeader(header), passphrase)
      continue
    }
    if (held !== undefined) yield open(key!, header, { number: number++, isLast: false }, held)
    held = chunk
  }
  if (header === undefined || key === undefined || held === undefined) throw notABackup()
  yield open(key, header, { number, isLast: true }, held)
}

interface Position {
  readonly number: number
  readonly isLast: boolean
}

function seal(key: Buffer, header: Buffer, position: Position, plain: Buffer): Buffer {
  const cipher = createCipheriv(CIPHER, key, nonceOf(position), { authTagLength: TAG_BYTES })
  cipher.setAAD(header)
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

function open(key: Buffer, header: Buffer, position: Position, sealed: Buffer): Buffer {
  if (sealed.byteLength < TAG_BYTES) throw damaged(position)
  const decipher = createDecipheriv(CIPHER, key, nonceOf(position), { authTagLength: TAG_BYTES })
  decipher.setAAD(header)
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
  const plain = decipher.update(sealed.subarray(0, -TAG_BYTES))
  try {
    return Buffer.concat([plain, decipher.final()])
  } catch {
    throw damaged(position)
  }
}

/** The key is of this one file, by its salt, so that a number is a nonce no other chunk has. */
function nonceOf({ number, isLast }: Position): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES)
  nonce.writeUIntBE(number, 0, 6)
  nonce[NONCE_BYTES - 1] = isLast ? 1 : 0
  return nonce
}

function checkHeader(header: Buffer): Buffer {
  const isOurs = header.byteLength === HEADER_BYTES && header.subarray(0, MAGIC.byteLength).equals(MAGIC)
  const [log2N = 0, blockSize, parallelism] = header.subarray(MAGIC.byteLength)
  if (!isOurs || log2N < 1 || log2N > MAX_LOG2_N || blockSize !== BLOCK_SIZE || parallelism !== PARALLELISM)
    throw notABackup()
  return header
}

function keyOf(header: Buffer, passphrase: SecretText): Promise<Buffer> {
  const cost = 2 ** header[MAGIC.byteLength]!
  const salt = header.subarray(-SALT_BYTES)
  const options = { N: cost, r: BLOCK_SIZE, p: PARALLELISM, maxmem: 256 * cost * BLOCK_SIZE }
  // One text, one key, however the keyboard composed its accents (RFC 8265 §4.2.2).
  const text = passphrase.reveal().normalize('NFC')
  return new Promise((resolve, reject) => {
    scrypt(text, salt, KEY_BYTES, options, (error, key) => (error === null ? resolve(key) : reject(error)))
  })
}

/** The same bytes in pieces of `size`, the first one of `firstSize`; the last may be shorter. */
async function* inChunks(
  bytes: AsyncIterable<Uint8Array>,
  size: number,
  firstSize = size,
): AsyncGenerator<Buffer> {
  let wanted = firstSize
  let waiting: Uint8Array[] = []
  let length = 0
  for await (const piece of bytes) {
    waiting.push(piece)
    length += piece.byteLength
    if (length < wanted) continue
    let whole = Buffer.concat(waiting)
    while (whole.byteLength >= wanted) {
      yield whole.subarray(0, wanted)
      whole = whole.subarray(wanted)
      wanted = size
    }
    waiting = [whole]
    length = whole.byteLength
  }
  if (length > 0) yield Buffer.concat(waiting)
}

function damaged({ number }: Position): SealedStreamError {
  return new SealedStreamError(
    number === 0
      ? 'The passphrase is another one, or the backup is damaged.'
      : `The backup is damaged or cut off, about ${number * CHUNK_BYTES} bytes from its beginning.`,
  )
}

function notABackup(): SealedStreamError {
  return new SealedStreamError('This is not a backup of a vault, or it is cut off at its beginning.')
}
