import type { AnswerQuirks } from '../../domain/grant-profile.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { TokenFailure } from '../../ports/oauth-client.ts'
import type { OutgoingAnswer, OutgoingFailure } from '../../ports/outgoing-fetch.ts'
import { memberAt } from './answer-json.ts'
import { retryAfterMs } from './retry-after.ts'

type FailureKind = TokenFailure['kind']

interface ErrorMeaning {
  readonly kind: FailureKind
  readonly sentence: string
}

const DEAD: ErrorMeaning = { kind: 'grant-dead', sentence: 'the grant is not valid, or no longer' }
const REFUSED: ErrorMeaning = { kind: 'refused', sentence: 'the request was refused' }
const BUSY: ErrorMeaning = { kind: 'passing', sentence: 'the provider is busy' }

/**
 * The error codes acted upon, and the only ones ever shown: RFC 6749 §5.2 and §4.1.2.1, RFC 8707 §2,
 * RFC 8628 §3.5, OpenID Connect Core §3.1.2.6.
 */
const ERROR_MEANINGS: Readonly<Record<string, ErrorMeaning>> = {
  invalid_grant: DEAD,
  interaction_required: DEAD,
  login_required: DEAD,
  consent_required: DEAD,
  invalid_client: { kind: 'app-broken', sentence: 'the client id or client secret was refused' },
  unauthorized_client: { kind: 'app-broken', sentence: 'the client may not use this grant type' },
  invalid_request: REFUSED,
  invalid_scope: { kind: 'refused', sentence: 'a scope was refused' },
  invalid_target: { kind: 'refused', sentence: 'the audience or resource was refused' },
  unsupported_grant_type: { kind: 'refused', sentence: 'the provider does not know this grant type' },
  access_denied: { kind: 'refused', sentence: 'access was denied' },
  temporarily_unavailable: BUSY,
  slow_down: BUSY,
  server_error: { kind: 'unknown', sentence: 'the provider reported an error of its own' },
}

/** Google: the organization's session policy asks the person to sign in again; nobody revoked anything. */
const REAUTHENTICATION_POLICY: ErrorMeaning = {
  kind: 'grant-dead',
  sentence: 'the organization’s policy asks the person to authorize again',
}

/** What a call without a complete answer means for a token. */
export function failureOfCall(outcome: OutgoingFailure): TokenFailure {
  return {
    kind: outcome.kind,
    code: outcome.code,
    message: outcome.message,
    ...(outcome.status === undefined ? {} : { httpStatus: outcome.status }),
  }
}

/** A failure of ours to make the request, before anything was sent. */
export function failureBeforeSending(kind: 'app-broken', code: string, message: string): TokenFailure {
  return { kind, code, message }
}

/**
 * What the status alone decides, or undefined when the body has to be read: 429 and 503 with Retry-After pass, any
 * other 5xx leaves open whether the request was carried out, a redirect is never followed.
 */
export function failureOfStatus(
  answer: OutgoingAnswer,
  host: string,
  nowMs: number,
): TokenFailure | undefined {
  const { status } = answer
  const wait = retryAfterMs(answer.headers['retry-after'], nowMs)
  const waiting = wait === undefined ? {} : { retryAfterMs: wait }
  const failure = (kind: FailureKind, code: string, sentence: string): TokenFailure => ({
    kind,
    code,
    message: `${host}: ${sentence} (HTTP ${status}).`,
    httpStatus: status,
  })
  if (status === 429) return { ...failure('passing', 'too_many_requests', 'too many requests'), ...waiting }
  if (status === 503 && wait !== undefined) {
    return { ...failure('passing', 'temporarily_unavailable', BUSY.sentence), ...waiting }
  }
  // 408: the server gave up waiting for the request, or for what lies behind it.
  if (status >= 500 || status === 408) return failure('unknown', 'server_error', 'the provider failed')
  if (status === 425) return failure('passing', 'temporarily_unavailable', BUSY.sentence)
  if (status < 200 || (status >= 300 && status < 400)) {
    return failure(
      'refused',
      'redirect',
      'the token endpoint answered with a redirect, which is not followed',
    )
  }
  return undefined
}

/**
 * The failure an answer's JSON names, or undefined when it names none: `error` (RFC 6749 §5.2), or the profile's
 * own flag and code, with HTTP 200 too. Codes outside the list are not shown, descriptions never.
 */
export function failureOfBody(
  body: JsonObject,
  quirks: AnswerQuirks | undefined,
  answer: { readonly host: string; readonly status: number },
): TokenFailure | undefined {
  const raw = errorCodeOf(body, quirks)
  if (raw === undefined) return undefined
  const mapped = quirks?.okMember?.map
  const code = mapped !== undefined && Object.hasOwn(mapped, raw) ? (mapped[raw] ?? raw) : raw
  const known = Object.hasOwn(ERROR_MEANINGS, code) ? ERROR_MEANINGS[code] : undefined
  const byPolicy = code === 'invalid_grant' && memberAt(body, 'error_subtype') === 'invalid_rapt'
  const meaning = byPolicy ? REAUTHENTICATION_POLICY : (known ?? REFUSED)
  const shownCode = known === undefined ? 'provider_error' : code
  return {
    kind: meaning.kind,
    code: shownCode,
    message: `${answer.host}: ${meaning.sentence} (${shownCode}, HTTP ${answer.status}).`,
    httpStatus: answer.status,
  }
}

function errorCodeOf(body: JsonObject, quirks: AnswerQuirks | undefined): string | undefined {
  const flag = quirks?.okMember
  if (flag !== undefined) {
    if (memberAt(body, flag.member) === true) return undefined
    const code = memberAt(body, flag.errorMember)
    return typeof code === 'string' ? code : ''
  }
  const code = memberAt(body, 'error')
  return typeof code === 'string' && code !== '' ? code : undefined
}

/** A 4xx whose body names no known error: definite, but no verdict on grant or client. */
export function failureOfBareStatus(host: string, status: number): TokenFailure {
  return {
    kind: 'refused',
    code: 'http_error',
    message: `${host}: the token endpoint refused the request (HTTP ${status}).`,
    httpStatus: status,
  }
}

/**
 * A 2xx that holds no token that can be used. When the request carried a code or a refresh token, the provider may
 * have used it up, and only waiting is safe; otherwise the answer is as definite as a refusal.
 */
export function failureOfUnusableSuccess(facts: {
  readonly code: 'invalid_answer' | 'unsupported_token_type'
  readonly host: string
  readonly status: number
  readonly consumes: boolean
}): TokenFailure {
  const sentence =
    facts.code === 'invalid_answer'
      ? 'the answer of the token endpoint holds no token'
      : 'the token endpoint answered with a token of another type than bearer'
  return {
    kind: facts.consumes ? 'unknown' : 'refused',
    code: facts.code,
    message: `${facts.host}: ${sentence} (HTTP ${facts.status}).`,
    httpStatus: facts.status,
  }
}
