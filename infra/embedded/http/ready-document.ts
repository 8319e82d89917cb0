import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import type { ServerAnswer } from './gateway-answer.ts'

const compress = promisify(gzip)

/**
 * A text that anybody may ask for, made ready once: compressed, with a tag, and sent as the bytes it is, so that a
 * flood of requests for it costs little more than the sending.
 */
export class ReadyDocument {
  readonly #headers: Readonly<Record<string, string>>
  readonly #plain: Buffer
  readonly #zipped: Buffer
  readonly #etag: string

  private constructor(headers: Readonly<Record<string, string>>, plain: Buffer, zipped: Buffer) {
    this.#headers = headers
    this.#plain = plain
    this.#zipped = zipped
    this.#etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`
  }

  /** Compresses in another thread. `headers` are those of the answer, with its content type. */
  static async make(text: string, headers: Readonly<Record<string, string>>): Promise<ReadyDocument> {
    const plain = Buffer.from(text)
    return new ReadyDocument(headers, plain, await compress(plain, { level: 9 }))
  }

  /** The answer to this request: 304 to who has it, compressed for who can take that. */
  answer({ headers }: Pick<APIGatewayProxyEventV2, 'headers'>): ServerAnswer {
    const common = {
      ...this.#headers,
      etag: this.#etag,
      vary: 'accept-encoding',
      'cache-control': 'no-cache',
    }
    if (hasTag(headers['if-none-match'], this.#etag)) return { statusCode: 304, headers: common }
    return acceptsGzip(headers['accept-encoding'])
      ? { statusCode: 200, headers: { ...common, 'content-encoding': 'gzip' }, bytes: this.#zipped }
      : { statusCode: 200, headers: common, bytes: this.#plain }
  }
}

/** RFC 9110 §13.1.2: compared weakly, since proxies that compress make tags weak. */
function hasTag(header: string | undefined, etag: string): boolean {
  const tags = header?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? []
  return tags.includes(etag) || tags.includes('*')
}

/** RFC 9110 §12.5.3: `gzip;q=0` refuses it. */
function acceptsGzip(header: string | undefined): boolean {
  const codings =
    header
      ?.toLowerCase()
      .split(',')
      .map((coding) => coding.trim()) ?? []
  return codings.some((coding) => /^(?:gzip|\*)(?:\s*;\s*q=(?!0(?:\.0*)?$).*)?$/.test(coding))
}
