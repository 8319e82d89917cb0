/**
 * What can go wrong, in our own words. Only `functions/middleware/problem-response.ts` knows the HTTP status
 * and the wire shape of each; domain code and use cases throw these codes.
 */
export type ErrorCode =
  | 'invalid-body'
  | 'invalid-query'
  | 'invalid-path'
  | 'invalid-header'
  | 'unsupported-media-type'
  | 'body-too-large'
  | 'unauthenticated'
  | 'insufficient-scope'
  | 'not-found'
  | 'events-expired'
  | 'precondition-failed'
  | 'conflict'
  | 'idempotency-in-progress'
  | 'idempotency-mismatch'
  | 'too-many-requests'
  | 'connection-empty'
  | 'authorization-pending'
  | 'reauthorization-required'
  | 'connection-frozen'
  | 'credential-unavailable'
  | 'provider-refused'
  | 'provider-unavailable'
  | 'store-unavailable'

/** One thing that is wrong with a body, a query or a path; the message is as public as the error's own. */
export interface ProblemPart {
  /** Member names with points between them, such as `setup.token`; empty for the whole. */
  readonly path: string
  readonly code: 'missing' | 'not_allowed' | 'type' | 'value' | 'length' | 'format'
  readonly message: string
  /** What would have been accepted, in a few words, where that is known. */
  readonly allowed?: string
}

export interface ErrorDetail {
  /** The field, header or parameter the error is about, as a path such as `setup.token`. */
  readonly field?: string
  /** What would have been accepted, in a few words: `one of API_KEY, OAUTH_CODE`. */
  readonly allowed?: string
  /** Everything that is wrong, where it is known at once; the message tells the first. */
  readonly errors?: readonly ProblemPart[]
  /** A machine-readable code that overrides the default `errorCode` of the answer. */
  readonly errorCode?: string
  /** When a client may try again, in seconds from now. */
  readonly retryAfterSeconds?: number
  /** Why, for the operator's log alone: callers are told no more than the message. Fixed words, never data. */
  readonly logReason?: string
  /** Extra response headers, for example the current `ETag` beside a 412. */
  readonly headers?: Readonly<Record<string, string>>
}

/** An expected failure. The message is shown to the caller: it names the field, the reason, and what is allowed. */
export class VaultError extends Error {
  readonly code: ErrorCode
  readonly detail: ErrorDetail

  constructor(code: ErrorCode, message: string, detail: ErrorDetail & { cause?: unknown } = {}) {
    const { cause, ...rest } = detail
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'VaultError'
    this.code = code
    this.detail = rest
  }
}

/** Everything that is wrong as far as it is known: one part at least, where a field is named. */
export function errorsOf({ message, detail }: VaultError): readonly ProblemPart[] {
  if (detail.errors !== undefined) return detail.errors
  if (detail.field === undefined) return []
  const code = PART_CODES.find(([words]) => message.startsWith(words))?.[1] ?? 'value'
  const { field: path, allowed } = detail
  return [{ path, code, message, ...(allowed === undefined ? {} : { allowed }) }]
}

/** By the words that z-schema begins with. */
const PART_CODES: readonly (readonly [string, ProblemPart['code']])[] = [
  ['Missing required property', 'missing'],
  ['Additional properties not allowed', 'not_allowed'],
  ['Expected type', 'type'],
  ['String is too', 'length'],
]

/** The same refusal with what else is wrong, each place once; the message stays that of the first. */
export function withErrors(error: VaultError, more: readonly ProblemPart[]): VaultError {
  const { code, message, detail } = error
  const own = errorsOf(error)
  const told = new Set(own.map(({ path }) => path))
  const errors = [...own, ...more.filter(({ path }) => !told.has(path))]
  return new VaultError(code, message, { ...detail, errors })
}

/** A bug of ours: something that cannot happen did. Answered as a 500 with fixed text. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError'
}
