import type { AnswerQuirks } from '../../domain/grant-profile.ts'
import type { JsonObject, JsonValue } from '../../domain/json.ts'
import type { OutgoingAnswer } from '../../ports/outgoing-fetch.ts'
import { asObject, firstMember, memberAt } from './answer-json.ts'

/** What a provider says about a refusal, as it says it: nothing here may be shown before it is cleaned. */
export interface RefusalWords {
  readonly code: string | undefined
  /** The code that the provider's own stands for, where connector or preset data says so; else its own. */
  readonly meant: string | undefined
  readonly description: string | undefined
  readonly subtype: string | undefined
}

/** Where APIs put the code in place of RFC 6749's `error`, and the words in place of `error_description`. */
const CODE_MEMBERS = ['error', 'error_code', 'errorCode', 'errorType', 'errcode', 'code', 'type', 'status']
/** Where a number is a code; elsewhere it repeats the status. */
const NUMBER_MEMBERS = ['error_code', 'errorCode', 'errcode', 'code']
const WORD_MEMBERS = [
  'error_description',
  'errorDescription',
  'error_message',
  'errorMessage',
  'errorSummary',
  'errmsg',
  'error_msg',
  'msg',
  'message',
  'Message',
  'faultstring',
  'detail',
  'description',
  'title',
  'error',
]
/** Members that hold an error of their own: Facebook's, Fitbit's list, Apigee's. */
const HOLDERS = ['error', 'errors', 'fault', 'detail']
/** A body that is neither JSON nor a page, and short: words for a person. */
const MAX_PLAIN_CHARS = 300
/** `status: "success"` and the like name no error. */
const GOOD = /^(?:ok|okay|success|successful|true|0|200|active|none|null)$/i

/** What the body, or else the `WWW-Authenticate` header (RFC 6750 §3), says about why the request was refused. */
export function refusalWords(
  body: JsonObject | undefined,
  answer: OutgoingAnswer,
  quirks: AnswerQuirks | undefined,
): RefusalWords {
  const found = body === undefined ? plainWords(answer) : wordsOfBody(body, quirks)
  if (found.code !== undefined || found.description !== undefined) return found
  const header = answer.headers['www-authenticate'] ?? ''
  const code = /\berror="([^"]{1,64})"/i.exec(header)?.[1]
  return {
    code,
    meant: code,
    description: /\berror_description="([^"]{1,500})"/i.exec(header)?.[1],
    subtype: undefined,
  }
}

/** Whether an answer says by a member of its own that it is a failure, whatever its status. */
export function saysFailure(body: JsonObject, quirks: AnswerQuirks | undefined): boolean {
  if (quirks?.okMember !== undefined) return memberAt(body, quirks.okMember.member) !== true
  const error = body['error']
  return typeof error === 'string' ? !isGood(error) : Object.keys(asObject(error) ?? {}).length > 0
}

function wordsOfBody(body: JsonObject, quirks: AnswerQuirks | undefined): RefusalWords {
  const { errorMember } = quirks?.okMember ?? {}
  const holders = [body, ...HOLDERS.map((name) => holderIn(body[name])).filter((one) => one !== undefined)]
  const own = errorMember === undefined ? undefined : textOf(memberAt(body, errorMember))
  const listed = listedWords(body)
  const named = own ?? codeIn(holders) ?? listed
  const words = holders.map((one) => wordIn(one)).find((text) => text !== undefined) ?? fieldWords(body)
  // A sentence in place of a code (Withings) is told as one.
  const isCode = named !== undefined && !/\s/.test(named.trim())
  return {
    code: isCode ? named : undefined,
    meant: isCode ? mapped(named, quirks) : undefined,
    description: words ?? (isCode ? undefined : named),
    subtype: textOf(body['error_subtype']) ?? textOf(body['suberror']),
  }
}

/** A word before a number: Facebook's `type` says more than its `code`. */
function codeIn(holders: readonly JsonObject[]): string | undefined {
  const found = (names: readonly string[]) =>
    holders.flatMap((one) => names.map((name) => one[name])).filter((value) => value !== undefined)
  const words = found(CODE_MEMBERS).filter((value) => typeof value === 'string')
  const word = words.find((text) => !isGood(text) && !/^-?\d+$/.test(text.trim()) && !text.includes('://'))
  if (word !== undefined) return word
  return found(NUMBER_MEMBERS)
    .map((value) => textOf(value))
    .find((text) => text !== undefined && !isGood(text))
}

/** `error` counts only when it is a sentence: else it is the code. */
function wordIn(holder: JsonObject): string | undefined {
  return WORD_MEMBERS.map((name) => [name, textOf(firstMember(holder, [name]))] as const)
    .filter(([name, text]) => name !== 'error' || /\s/.test(text?.trim() ?? ''))
    .find(([, text]) => text !== undefined)?.[1]
}

/** The first of a list of words: `errors: ["invalid_grant"]`. */
function listedWords(body: JsonObject): string | undefined {
  const lists = HOLDERS.map((name) => body[name]).filter((value) => Array.isArray(value))
  return lists.map((list) => textOf((list as JsonValue[])[0])).find((text) => text !== undefined)
}

/** What is wrong with a field, by its name: `errors: { refresh_token: ["is invalid"] }`. */
function fieldWords(body: JsonObject): string | undefined {
  const fields = HOLDERS.flatMap((name) => Object.entries(asObject(body[name]) ?? {}))
  return fields
    .map(([name, value]) => [name, textOf(Array.isArray(value) ? (value as JsonValue[])[0] : value)] as const)
    .filter(([name, text]) => text !== undefined && !CODE_MEMBERS.includes(name))
    .map(([name, text]) => `${name} ${text}`)[0]
}

function holderIn(value: JsonValue | undefined): JsonObject | undefined {
  const list = Array.isArray(value) ? (value as JsonValue[]) : [value]
  return asObject(list[0])
}

function plainWords(answer: OutgoingAnswer): RefusalWords {
  const text = answer.body.reveal().trim()
  const isPlain = text !== '' && text.length <= MAX_PLAIN_CHARS && !/^[<{[]/.test(text)
  return { code: undefined, meant: undefined, description: isPlain ? text : undefined, subtype: undefined }
}

/** The code that the provider's own stands for, where connector or preset says so. */
function mapped(code: string, quirks: AnswerQuirks | undefined): string {
  const map = quirks?.errorCodes ?? {}
  return Object.hasOwn(map, code) ? (map[code] ?? code) : code
}

function textOf(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}

function isGood(code: string): boolean {
  return code.trim() === '' || GOOD.test(code.trim())
}
