import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { readAnswerBody } from '../oauth/answer-body.ts'

/** The keys of an issuer cannot be had: its trouble, or ours with reaching it, and never the caller's. */
export class KeysUnavailableError extends Error {
  override readonly name = 'KeysUnavailableError'
  /** In fixed words, for the operator. */
  readonly reason: string

  constructor(reason: string, options?: { cause?: unknown }) {
    super(reason, options)
    this.reason = reason
  }
}

/** From the first byte sent to the last one read. */
const TIMEOUT_MS = 5_000
/** Of a discovery document or a key set; real ones have a few KB. */
const MAX_DOCUMENT_BYTES = 256 * 1024

/**
 * The JSON object at an address of the issuer; redirects are not followed. Throws `KeysUnavailableError` for an answer
 * that is none, and what node throws for one that does not come. By `node:https`, which the AWS SDK has loaded anyhow:
 * `fetch` would load a client of its own first, which took a third of a cold start's time to its first answer.
 */
export async function readIssuerDocument(url: string): Promise<Record<string, unknown>> {
  const answer = await request(url)
  if (answer.statusCode !== 200) {
    answer.destroy()
    throw new KeysUnavailableError(`the issuer answered HTTP ${answer.statusCode}`)
  }
  const body = await readAnswerBody(answer, MAX_DOCUMENT_BYTES)
  if (body.kind === 'too-large') throw new KeysUnavailableError('the answer is too large')
  if (body.kind === 'broken-off') throw new KeysUnavailableError('the answer broke off')
  const value = body.kind === 'complete' ? parse(body.text) : undefined
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new KeysUnavailableError('the issuer answered something else than a JSON object')
  }
  return value as Record<string, unknown>
}

function request(url: string): Promise<IncomingMessage> {
  const { get } = url.startsWith('https:') ? https : http
  const options = { signal: AbortSignal.timeout(TIMEOUT_MS), headers: { accept: 'application/json' } }
  return new Promise((resolve, reject) => {
    get(url, options, resolve).on('error', reject)
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
