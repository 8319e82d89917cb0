import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import zlib from 'node:zlib'

/** A body, or why there is none that can be used. */
export type AnswerBody =
  | { readonly kind: 'complete'; readonly text: string }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'undecodable' }
  | { readonly kind: 'broken-off' }

type Decode = (data: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>

/**
 * Content codings undone although none is asked for (RFC 9110 §8.4.1): some servers compress regardless, and some
 * gateways lose the header on the way, or leave it on what they have unpacked. What a body begins with decides.
 */
const MARKED: readonly (readonly [readonly number[], Decode])[] = [
  [[0x1f, 0x8b], promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip)],
  [[0x28, 0xb5, 0x2f, 0xfd], promisify<Buffer, zlib.ZstdOptions, Buffer>(zlib.zstdDecompress)],
  ...[0x01, 0x9c, 0xda].map(
    (level) => [[0x78, level], promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflate)] as const,
  ),
]
/** These begin with nothing of their own: the header alone tells. Deflate without its zlib frame is a common fault. */
const UNMARKED: Readonly<Record<string, Decode>> = {
  br: promisify<Buffer, zlib.BrotliOptions, Buffer>(zlib.brotliDecompress),
  deflate: promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflateRaw),
}
/** More codings than this, one inside the other, are an attack. */
const MAX_CODINGS = 3

/**
 * Reads the whole body as text, at most `maxBytes` of it on the wire and after decompression. A longer one
 * is not read on: its connection is closed.
 */
export async function readAnswerBody(answer: IncomingMessage, maxBytes: number): Promise<AnswerBody> {
  const raw = await readRawBody(answer, maxBytes)
  if (!Buffer.isBuffer(raw)) return raw
  try {
    const data = await unpacked(raw, answer.headers['content-encoding'] ?? '', maxBytes)
    return { kind: 'complete', text: textOf(data, answer.headers['content-type'] ?? '') }
  } catch (error) {
    return { kind: isTooLarge(error) ? 'too-large' : 'undecodable' }
  }
}

async function unpacked(raw: Buffer, codings: string, maxOutputLength: number): Promise<Buffer> {
  const named = codings
    .split(',')
    .map((name) => UNMARKED[name.trim().toLowerCase()])
    .filter((decode) => decode !== undefined)
  let data = raw
  for (let layer = 0; layer < MAX_CODINGS; layer += 1) {
    const [, decode] = MARKED.find(([mark]) => mark.every((byte, at) => data[at] === byte)) ?? []
    if (decode !== undefined) {
      data = await decode(data, { maxOutputLength })
      continue
    }
    const unmarked = named.pop()
    if (unmarked === undefined) return data
    data = await unmarked(data, { maxOutputLength }).catch((error) => {
      if (isTooLarge(error)) throw error
      return data
    })
  }
  return data
}

function isTooLarge(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
}

/**
 * UTF-8, as RFC 8259 §8.1 has it, unless a byte order mark or the zeros of its first character show UTF-16: what a
 * header says of that is often said of text that is none. Other charsets are as they are named.
 */
function textOf(data: Buffer, contentType: string): string {
  const [first, second] = data
  if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0)) return decoded(data, 'utf-16be')
  if ((first === 0xff && second === 0xfe) || (first !== undefined && first !== 0 && second === 0)) {
    return decoded(data, 'utf-16le')
  }
  const charset = /;\s*charset="?([\w.:-]+)/i.exec(contentType)?.[1] ?? 'utf-8'
  return decoded(data, /^utf-?16/i.test(charset) ? 'utf-8' : charset)
}

function decoded(data: Buffer, charset: string): string {
  try {
    return new TextDecoder(charset).decode(data)
  } catch {
    // A name that nobody knows.
    return data.toString('utf8')
  }
}

function readRawBody(answer: IncomingMessage, maxBytes: number): Promise<Buffer | AnswerBody> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let length = 0
    answer.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > maxBytes) {
        resolve({ kind: 'too-large' })
        answer.destroy()
      } else {
        chunks.push(chunk)
      }
    })
    answer.on('end', () => resolve(answer.complete ? Buffer.concat(chunks) : { kind: 'broken-off' }))
    // A body cut short ends in an error and a close; whichever comes first settles it, the rest has no effect.
    answer.on('error', () => resolve({ kind: 'broken-off' }))
    answer.on('close', () => resolve({ kind: 'broken-off' }))
  })
}
