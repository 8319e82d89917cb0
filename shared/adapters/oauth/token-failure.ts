import type { AnswerQuirks } from '../../domain/grant-profile.ts'
import type { JsonObject } from '../../domain/json.ts'
import { shownCode, shownDescription } from '../../domain/provider-words.ts'
import type { TokenFailure } from '../../ports/oauth-client.ts'
import type { OutgoingAnswer, OutgoingFailure } from '../../ports/outgoing-fetch.ts'
import { retryAfterMs } from '../../ports/retry-after.ts'
import { meaningOf, plainMeaningOf, type RefusalMeaning } from './refusal-meaning.ts'
import { type RefusalWords, refusalWords, saysFailure } from './refusal-words.ts'
import type { UnusableAnswer } from './token-answer.ts'

type FailureKind = TokenFailure['kind']

/** An answer with what is needed to tell of it. */
export interface AnswerToJudge {
  readonly answer: OutgoingAnswer
  /** Its members, when it has any. */
  readonly body: JsonObject | undefined
  readonly quirks: AnswerQuirks | undefined
  readonly host: string
  readonly nowMs: number
  /** What was sent and must not be shown, whoever repeats it. */
  readonly secrets: readonly string[]
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
 * The failure that an answer is, by its status and by what it says, or undefined for a success to be read. 429 and
 * 503 with Retry-After pass, any other 5xx leaves open whether the request was carried out, a redirect is never
 * followed. A failure may come with a good status too, by `error` or by the profile's own flag.
 */
export function failureOfAnswer(judged: AnswerToJudge): TokenFailure | undefined {
  const { answer, body, quirks } = judged
  const { status } = answer
  const words = refusalWords(body, answer, quirks)
  const byStatus = statusMeaning(judged, words)
  if (byStatus !== undefined) return told(judged, words, byStatus)
  const isFailure = status >= 400 || (body !== undefined && saysFailure(body, quirks))
  if (!isFailure) return undefined
  const meaning = meaningOf(readable(words, status))
  const isNamed = words.code !== undefined || (body !== undefined && saysFailure(body, quirks))
  return told(judged, words, { ...meaning, code: isNamed ? 'provider_error' : 'http_error' })
}

/**
 * A 2xx that holds no token that can be used. What it says of a failure counts; when it says nothing and the request
 * carried a code or a refresh token, the provider may have used it up, and only waiting is safe; otherwise the
 * answer is as definite as a refusal.
 */
export function failureOfUnusableSuccess(
  judged: AnswerToJudge,
  unusable: UnusableAnswer | { readonly code: 'unreadable' },
  consumes: boolean,
): TokenFailure {
  const words = refusalWords(judged.body, judged.answer, judged.quirks)
  const named = plainMeaningOf(readable(words, judged.answer.status))
  if (unusable.code === 'no_access_token' && named !== undefined) {
    return told(judged, words, { ...named, code: 'provider_error' })
  }
  const sentence =
    unusable.code === 'unsupported_token_type'
      ? `the token endpoint answered with a token of type ${unusable.type}, which needs a proof with every call; only bearer tokens can be used`
      : UNUSABLE[unusable.code]
  return {
    kind: consumes ? 'unknown' : 'refused',
    code: unusable.code === 'unsupported_token_type' ? unusable.code : 'invalid_answer',
    message: `${judged.host}: ${sentence} (HTTP ${judged.answer.status}).`,
    httpStatus: judged.answer.status,
  }
}

const UNUSABLE = {
  unreadable: 'the answer of the token endpoint is not JSON',
  no_access_token: 'the answer of the token endpoint holds no access_token',
  unprintable: 'the access_token in the answer of the token endpoint is not printable ASCII',
} as const

type Meaning = RefusalMeaning & { readonly code: string; readonly waits?: true }

/** What the status alone decides, or undefined when the body has to be read. */
function statusMeaning({ answer, nowMs }: AnswerToJudge, words: RefusalWords): Meaning | undefined {
  const { status, headers } = answer
  // 420: Twitter's number for it, which others took over.
  if (status === 429 || status === 420) return busy('too_many_requests', 'too many requests')
  const plain = plainMeaningOf(readable(words, status))
  const isWait = retryAfterMs(headers['retry-after'], nowMs) !== undefined
  if (status === 503 && (isWait || plain?.kind === 'passing')) return busy('temporarily_unavailable')
  // GitHub's secondary limits, and gateways that know no 429.
  if (status === 403 && isWait && plain === undefined) return busy('temporarily_unavailable')
  // 408: the server gave up waiting for the request, or for what lies behind it.
  if (status >= 500 || status === 408) {
    return { kind: 'unknown', code: 'server_error', sentence: 'the provider failed' }
  }
  if (status === 425) return busy('temporarily_unavailable')
  if (status >= 200 && (status < 300 || status >= 400)) return undefined
  const sentence = 'the token endpoint answered with a redirect, which is not followed'
  return { kind: 'refused', code: 'redirect', sentence }
}

function busy(code: string, sentence = 'the provider is busy'): Meaning {
  return { kind: 'passing', code, sentence }
}

/** The failure in our words, with the provider's own code where it gave one that can be shown. */
function told(judged: AnswerToJudge, words: RefusalWords, meaning: Meaning): TokenFailure {
  const { answer, host, nowMs, secrets } = judged
  const { status } = answer
  const own = words.code === undefined ? undefined : shownCode(words.code)
  const isOfStatus = STATUS_CODES.has(meaning.code)
  const code = isOfStatus ? meaning.code : (own ?? CODE_OF_KIND[meaning.kind] ?? meaning.code)
  const description =
    words.description === undefined ? undefined : shownDescription(words.description, secrets)
  const waitMs = meaning.kind === 'passing' ? retryAfterMs(answer.headers['retry-after'], nowMs) : undefined
  return {
    kind: meaning.kind,
    code,
    message: `${host}: ${meaning.sentence} (${isOfStatus || code === 'http_error' ? '' : `${code}, `}HTTP ${status}).`,
    ...(description === undefined ? {} : { description }),
    httpStatus: status,
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
  }
}

const STATUS_CODES: ReadonlySet<string> = new Set([
  'too_many_requests',
  'temporarily_unavailable',
  'server_error',
  'redirect',
])

/** RFC 6749 §5.2's name for what a provider said in words only. */
const CODE_OF_KIND: Readonly<Partial<Record<FailureKind, string>>> = {
  'grant-dead': 'invalid_grant',
  passing: 'temporarily_unavailable',
}

function readable(words: RefusalWords, status: number) {
  return {
    code: words.meant,
    subtype: words.subtype,
    words: `${words.description ?? ''}\n${words.hints}`,
    status,
  }
}
