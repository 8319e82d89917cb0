import type { AnswerQuirks } from '../../domain/grant-profile.ts'
import type { JsonObject, JsonValue } from '../../domain/json.ts'
import { isWordForNothing } from '../../domain/word-for-nothing.ts'
import type { OutgoingAnswer } from '../../ports/outgoing-fetch.ts'
import { asObject, bareName, memberAt } from './answer-json.ts'
import { objectsIn } from './answer-shape.ts'
import { isKnownCode } from './refusal-meaning.ts'

/** What a provider says about a refusal, as it says it: nothing here may be shown before it is cleaned. */
export interface RefusalWords {
  readonly code: string | undefined
  /** The code that the provider's own stands for, where connector or preset data says so; else its own. */
  readonly meant: string | undefined
  readonly description: string | undefined
  readonly subtype: string | undefined
  /** What it says of single fields (Strava: `refresh_token invalid`), which only tells what is meant. */
  readonly hints: string
}

/** Where APIs put the code in place of RFC 6749's `error`, and the words in place of `error_description`; bare names. */
const CODE_MEMBERS = ['error', 'errorcode', 'errortype', 'errcode', 'err', 'code', 'type', 'status']
/** A code here counts only where it is one that is known: elsewhere it is the name of something else. */
const OTHER_CODE_MEMBERS = ['reason', 'name', 'key', 'message']
/** Where a number is a code; elsewhere it repeats the status. */
const NUMBER_MEMBERS = ['errorcode', 'errcode', 'code']
const WORD_MEMBERS = [
  'errordescription',
  'errormessage',
  'errorsummary',
  'errmsg',
  'errormsg',
  'msg',
  'message',
  'faultstring',
  'detail',
  'description',
  'title',
  'reason',
  'error',
]
/** Members whose lists and fields are about the error. */
const HOLDERS = ['error', 'errors', 'fault', 'detail']
/** A body that is neither JSON nor a page, and short: words for a person. */
const MAX_PLAIN_CHARS = 300
/** What is alone in an element of XML, or in an attribute that says that it is a code. Bounded: anybody may answer. */
const XML_CODE =
  /<([\w:.-]{1,64})(?:\s[^<>]{0,300})?>\s{0,99}([\w.:-]{3,64})\s{0,99}<\/\1>|\bcode=["']([\w.:-]{3,64})["']/g
/** `status: "success"` and the like name no error. */
const GOOD = /^(?:ok|okay|success|successful|true|200|active)$/i
/** These say that there is an error, and nothing of it: what is beside them or inside does. */
const BARE = /^(?:error|errors|fail|failed|failure|unsuccessful|nok|not ok|about:blank)\W*$/i

/** What the body, or else the `WWW-Authenticate` header (RFC 6750 §3), says about why the request was refused. */
export function refusalWords(
  body: JsonObject | undefined,
  answer: OutgoingAnswer,
  quirks: AnswerQuirks | undefined,
): RefusalWords {
  const found = body === undefined ? plainWords(answer) : wordsOfBody(body, quirks)
  if (found.code !== undefined || found.description !== undefined) return found
  const header = answer.headers['www-authenticate'] ?? ''
  const code = /\berror=(?:"([^"]{1,64})"|([^\s",]{1,64}))/i.exec(header)?.slice(1).find(Boolean)
  return {
    code,
    meant: code,
    description: /\berror_description="([^"]{1,500})"/i.exec(header)?.[1],
    subtype: undefined,
    hints: '',
  }
}

/** Whether an answer says by a member of its own that it is a failure, whatever its status. */
export function saysFailure(body: JsonObject, quirks: AnswerQuirks | undefined): boolean {
  if (quirks?.okMember !== undefined) return memberAt(body, quirks.okMember.member) !== true
  const error = body['error']
  if (typeof error === 'string') return !isGood(error)
  // Some have an object of it in every answer, with a code for none (TikTok's `ok`).
  const inside = bareNames(asObject(error) ?? {})
  const code = CODE_MEMBERS.map((name) => textOf(inside[name])).find((text) => text !== undefined)
  return Object.keys(inside).length > 0 && !(code !== undefined && isGood(code))
}

function wordsOfBody(body: JsonObject, quirks: AnswerQuirks | undefined): RefusalWords {
  const { errorMember } = quirks?.okMember ?? {}
  const holders = objectsIn(body).map(({ own }) => bareNames(own))
  const own = errorMember === undefined ? undefined : textOf(memberAt(body, errorMember))
  const listed = listedWords(holders)
  const named = own ?? codeIn(holders) ?? listed
  const words = holders.map((one) => wordIn(one)).find((text) => text !== undefined) ?? fieldWords(holders)
  // A sentence in place of a code (Withings) is told as one.
  const isCode = named !== undefined && !/\s/.test(named.trim())
  return {
    code: isCode ? named : undefined,
    meant: isCode ? mapped(named, quirks) : undefined,
    description: words ?? (isCode ? undefined : named),
    subtype: textOf(body['error_subtype']) ?? textOf(body['suberror']),
    hints: holders.map((one) => `${textOf(one['field']) ?? ''} ${textOf(one['code']) ?? ''}`).join('\n'),
  }
}

function bareNames(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [bareName(name), value]))
}

/** A known code before a word, and a word before a number: Facebook's `type` says more than its `code`. */
function codeIn(holders: readonly JsonObject[]): string | undefined {
  const found = (names: readonly string[]) =>
    holders.flatMap((one) => names.map((name) => textOf(one[name]))).filter((text) => text !== undefined)
  const texts = found(CODE_MEMBERS)
  const words = texts.filter(
    (text) =>
      !isGood(text) && !BARE.test(text.trim()) && !/^-?\d+$/.test(text.trim()) && !text.includes('://'),
  )
  // RFC 9457 §3.1.1: an address that names the type of problem.
  const ofTypes = texts.filter((text) => text.includes('://')).map((text) => text.split(/[/#]/).at(-1) ?? '')
  const known = [...words, ...found(OTHER_CODE_MEMBERS), ...ofTypes].find((text) => isKnownCode(text))
  return known ?? words[0] ?? found(NUMBER_MEMBERS).find((text) => !isGood(text))
}

/** `error` and `reason` count only when they are sentences: else they are a code. */
function wordIn(holder: JsonObject): string | undefined {
  return WORD_MEMBERS.map((name) => [name, textOf(holder[name])] as const)
    .filter(([, text]) => text === undefined || !BARE.test(text.trim()))
    .filter(([name, text]) => !CODE_MEMBERS.includes(name) || /\s/.test(text?.trim() ?? ''))
    .find(([, text]) => text !== undefined)?.[1]
}

/** The first of a list of words: `errors: ["invalid_grant"]`, and a body that is one. */
function listedWords([body = {}]: readonly JsonObject[]): string | undefined {
  const lists = [...HOLDERS, 'list'].map((name) => body[name]).filter((value) => Array.isArray(value))
  return lists.map((list) => textOf((list as JsonValue[])[0])).find((text) => text !== undefined)
}

/** What is wrong with a field, by its name: `errors: { refresh_token: ["is invalid"] }`. */
function fieldWords([body = {}]: readonly JsonObject[]): string | undefined {
  const fields = HOLDERS.flatMap((name) => Object.entries(asObject(body[name]) ?? {}))
  return fields
    .map(([name, value]) => [name, textOf(Array.isArray(value) ? (value as JsonValue[])[0] : value)] as const)
    .filter(([name, text]) => text !== undefined && !CODE_MEMBERS.includes(bareName(name)))
    .map(([name, text]) => `${name} ${text}`)[0]
}

function plainWords(answer: OutgoingAnswer): RefusalWords {
  const text = answer.body.reveal().trim()
  const isPlain = text !== '' && text.length <= MAX_PLAIN_CHARS && !/^[<{[]/.test(text)
  // A page is for people: what it has of codes is for its own scripts and styles.
  const ofXml = /^<(?:!doctype html|html)\b/i.test(text) ? [] : [...text.matchAll(XML_CODE)]
  const code = ofXml.map(([, , inner, attribute]) => inner ?? attribute ?? '').find((one) => isKnownCode(one))
  return { code, meant: code, description: isPlain ? text : undefined, subtype: undefined, hints: '' }
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
  return isWordForNothing(code) || GOOD.test(code.trim())
}
