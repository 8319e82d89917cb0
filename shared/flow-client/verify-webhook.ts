import { FlowVaultError } from './flow-vault-error.ts'

/** Older or newer than this, a message may be a replay (Standard Webhooks 1.0.0, "Verifying webhook authenticity"). */
const TOLERANCE_SECONDS = 300
const SECRET_PREFIX = 'whsec_'

/** Header names in any case, as any framework hands them over. */
export type WebhookHeaders =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>

export interface VerifyWebhookOptions {
  /** Epoch ms to compare the message's timestamp with; the machine's clock by default. */
  readonly nowMs: number
}

/**
 * Verifies a message of a subscription by its Standard Webhooks signature and returns its parsed body. `rawBody` is the
 * body as it arrived, bytes or text; `secrets` are the `whsec_…` in force, two while one is being replaced. Throws
 * `invalid_webhook` with what was wrong.
 */
export async function verifyWebhookAt(
  rawBody: string | ArrayBuffer | Uint8Array,
  headers: WebhookHeaders,
  secrets: string | readonly string[],
  { nowMs }: VerifyWebhookOptions,
): Promise<unknown> {
  const body = bytesOf(rawBody)
  const id = headerOf(headers, 'webhook-id')
  const timestamp = headerOf(headers, 'webhook-timestamp')
  const signatures = headerOf(headers, 'webhook-signature')
    .split(' ')
    .filter((signature) => signature.startsWith('v1,'))
    .map((signature) => base64Of(signature.slice('v1,'.length)))
  if (!/^\d{1,12}$/.test(timestamp)) throw refused('webhook-timestamp is no number of seconds')
  if (Math.abs(nowMs / 1000 - Number(timestamp)) > TOLERANCE_SECONDS)
    throw refused(`webhook-timestamp is more than ${TOLERANCE_SECONDS} s from this machine's clock`)
  const signed = concatenated(new TextEncoder().encode(`${id}.${timestamp}.`), body)
  for (const secret of typeof secrets === 'string' ? [secrets] : secrets) {
    const key = await importKey(secret)
    for (const signature of signatures)
      if (signature !== undefined && (await crypto.subtle.verify('HMAC', key, signature, signed)))
        return JSON.parse(new TextDecoder().decode(body))
  }
  throw refused('no signature fits any of the secrets')
}

type WebhookKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>

function bytesOf(rawBody: unknown): Uint8Array<ArrayBuffer> {
  if (typeof rawBody === 'string') return new TextEncoder().encode(rawBody)
  if (rawBody instanceof ArrayBuffer) return new Uint8Array(rawBody)
  if (ArrayBuffer.isView(rawBody))
    return new Uint8Array(new Uint8Array(rawBody.buffer, rawBody.byteOffset, rawBody.byteLength))
  throw refused(
    'the body was parsed already: pass the raw body, such as express.raw({ type: "application/json" }) or request.text() gives it',
  )
}

function headerOf(headers: WebhookHeaders, name: string): string {
  let value: unknown
  if (typeof (headers as { get?: unknown }).get === 'function') {
    value = (headers as { get(name: string): string | null }).get(name)
  } else {
    const found = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1]
    value = Array.isArray(found) ? found[0] : found
  }
  if (typeof value !== 'string' || value === '') throw refused(`the header ${name} is missing`)
  return value
}

async function importKey(secret: string): Promise<WebhookKey> {
  const bytes = secret.startsWith(SECRET_PREFIX) ? base64Of(secret.slice(SECRET_PREFIX.length)) : undefined
  if (bytes === undefined || bytes.length === 0) throw refused('a secret is not of the form whsec_<base64>')
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])
}

function base64Of(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}

function concatenated(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(first.length + second.length)
  whole.set(first)
  whole.set(second, first.length)
  return whole
}

function refused(why: string): FlowVaultError {
  return new FlowVaultError('invalid_webhook', `The webhook is refused: ${why}.`)
}
