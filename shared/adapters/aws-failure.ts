import { StoreUnavailableError } from '../ports/item-store.ts'

/** What may be told of an AWS SDK error: names and numbers, never its message, request or response. */
export interface AwsFailure {
  /** The error's name as the service or the SDK gives it, such as `ThrottlingException`, or a socket's code. */
  readonly name: string
  readonly httpStatus: number | undefined
  readonly requestId: string | undefined
  /**
   * `not-applied` only when that is certain: one attempt that the service refused with a 4xx, or that was never
   * sent. Otherwise `unknown`: an earlier attempt of the SDK's own retries may have been carried out.
   */
  readonly outcome: 'not-applied' | 'unknown'
}

/** Codes of sockets that never carried the request, and of credentials that could not be had to sign it. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'CredentialsProviderError',
])

/** Names come from the other side; anything that does not look like one is not repeated. */
const NAME = /^[A-Za-z][A-Za-z0-9_.]{0,63}$/
const REQUEST_ID = /^[A-Za-z0-9-]{1,64}$/

/** The failure behind whatever an AWS SDK client threw. */
export function awsFailure(error: unknown): AwsFailure {
  const metadata = objectAt(error, '$metadata')
  const httpStatus = numberAt(metadata, 'httpStatusCode')
  const name = matching(NAME, textAt(error, 'name')) ?? 'UnknownError'
  const code = matching(NAME, textAt(error, 'code'))
  const refused = httpStatus !== undefined && httpStatus >= 400 && httpStatus < 500
  const neverSent = httpStatus === undefined && (NEVER_SENT.has(code ?? '') || NEVER_SENT.has(name))
  const once = (numberAt(metadata, 'attempts') ?? 1) === 1
  return {
    name: name === 'Error' ? (code ?? name) : name,
    httpStatus,
    requestId: matching(REQUEST_ID, textAt(metadata, 'requestId')),
    outcome: once && (refused || neverSent) ? 'not-applied' : 'unknown',
  }
}

/** One line for logs and messages, such as `KMS Decrypt failed: ThrottlingException (HTTP 400, request 1234)`. */
export function describeAwsFailure(call: string, failure: AwsFailure): string {
  const facts = [
    ...(failure.httpStatus === undefined ? [] : [`HTTP ${failure.httpStatus}`]),
    ...(failure.requestId === undefined ? [] : [`request ${failure.requestId}`]),
  ]
  return `${call} failed: ${failure.name}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`
}

/** What a call threw, as a store that cannot be reached. */
export function storeUnavailable(call: string, error: unknown): StoreUnavailableError {
  const failure = awsFailure(error)
  return new StoreUnavailableError(describeAwsFailure(call, failure), failure.outcome)
}

function matching(pattern: RegExp, text: string | undefined): string | undefined {
  return text !== undefined && pattern.test(text) ? text : undefined
}

function objectAt(holder: unknown, name: string): unknown {
  return typeof holder === 'object' && holder !== null ? Reflect.get(holder, name) : undefined
}

function textAt(holder: unknown, name: string): string | undefined {
  const value = objectAt(holder, name)
  return typeof value === 'string' ? value : undefined
}

function numberAt(holder: unknown, name: string): number | undefined {
  const value = objectAt(holder, name)
  return typeof value === 'number' ? value : undefined
}
