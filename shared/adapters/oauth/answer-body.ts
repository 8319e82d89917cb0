import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import zlib from 'node:zlib'

/** A body, or why there is none that can be used. */
export type AnswerBody =
  | { readonly kind: 'complete'; readonly text: string }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'undecodable' }
  | { readonly kind: 'broken-off' }

/** Content codings undone although none is asked for (RFC 9110 §8.4.1): some servers compress regardless. */
const DECODERS: Readonly<Record<string, (data: Buffer, options: zlib.ZlibOptions) => Promise<Buffer>>> = {
  gzip: promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip),
  'x-gzip': promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip),
  deflate: promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflate),
  br: promisify<Buffer, zlib.BrotliOptions, Buffer>(zlib.brotliDecompress),
}

/**
 * Reads the whole body as UTF-8 text, at most `maxBytes` of it on the wire and after decompression. A longer one
 * is not read on: its connection is closed.
 */
export async function readAnswerBody(answer: IncomingMessage, maxBytes: number): Promise<AnswerBody> {
  const raw = await readRawBody(answer, maxBytes)
  if (!Buffer.isBuffer(raw)) return raw
  const coding = (answer.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  if (coding === 'identity' || raw.length === 0) return { kind: 'complete', text: raw.toString('utf8') }
  const decode = Object.hasOwn(DECODERS, coding) ? DECODERS[coding] : undefined
  if (decode === undefined) return { kind: 'undecodable' }
  try {
    const decoded = await decode(raw, { maxOutputLength: maxBytes })
    return { kind: 'complete', text: decoded.toString('utf8') }
  } catch (error) {
    const tooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
    return { kind: tooLarge ? 'too-large' : 'undecodable' }
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
