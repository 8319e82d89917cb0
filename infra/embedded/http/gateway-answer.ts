import type { ServerResponse } from 'node:http'
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'

/** Carried by the answers that no handler made: nothing of them is to be cached, sniffed, framed or run. */
const SAFE_HEADERS = {
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
}

/** What is wrong with a request that no handler sees, in the words of the API's errors. */
export interface ServerProblem {
  readonly statusCode: number
  readonly error: string
  readonly message: string
}

/** What a handler answers, or bytes that are sent as they are. */
export type ServerAnswer = APIGatewayProxyStructuredResultV2 & { readonly bytes?: Buffer }

/** Headers of one answer. */
export type AnswerHeaders = Readonly<Record<string, string>>

/** An answer of the server itself, in the shape every error of the API has. */
export function problemAnswer(
  problem: ServerProblem,
  headers: AnswerHeaders,
): APIGatewayProxyStructuredResultV2 & { readonly headers: AnswerHeaders } {
  return {
    statusCode: problem.statusCode,
    headers: { ...SAFE_HEADERS, ...headers },
    body: JSON.stringify(problem),
  }
}

/** The same as bytes on the wire, for a connection on which no request could be read; it announces the end. */
export function rawProblem(problem: ServerProblem, ownHeaders: AnswerHeaders): string {
  const { headers, body } = problemAnswer(problem, ownHeaders)
  const lines = Object.entries({
    ...headers,
    'content-length': Buffer.byteLength(body!),
    connection: 'close',
  })
  return `HTTP/1.1 ${problem.statusCode} ${problem.error}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`
}

export interface AnswerOptions {
  /** The request was HEAD: the same head as for GET, and no body. */
  readonly isHead: boolean
  /** The connection ends after this answer. */
  readonly closes: boolean
  /** The body is sent, but the answer is left open so that the connection lives until `response.end()`. */
  readonly staysOpen?: boolean
}

/**
 * Writes a Lambda proxy result (payload format 2.0), head and body in one piece. Throws, before anything is sent,
 * when the result has no usable status or a header that HTTP cannot carry.
 */
export function writeAnswer(response: ServerResponse, result: ServerAnswer, options: AnswerOptions): void {
  const { statusCode, body = '' } = result
  if (!Number.isInteger(statusCode)) throw new TypeError('a handler answered without a status code')
  const content = result.bytes ?? (result.isBase64Encoded ? Buffer.from(body, 'base64') : body)
  const lines: (string | string[])[] = []
  for (const name in result.headers) {
    // The length is counted here, so that a wrong one cannot break the connection's framing.
    if (name.toLowerCase() !== 'content-length') lines.push(name, String(result.headers[name]))
  }
  if (result.cookies !== undefined) lines.push('set-cookie', result.cookies)
  const hasBody = statusCode !== 204 && statusCode !== 304
  if (hasBody) {
    lines.push(
      'content-length',
      String(typeof content === 'string' ? Buffer.byteLength(content) : content.length),
    )
  }
  if (options.closes) lines.push('connection', 'close')
  response.writeHead(statusCode!, lines)
  const sent = hasBody && !options.isHead ? content : ''
  if (options.staysOpen) response.write(sent)
  else response.end(sent)
}
