import type { JsonObject, JsonValue } from '../../domain/json.ts'
import { isWordForNothing } from '../../domain/word-for-nothing.ts'
import type { OutgoingAnswer } from '../../ports/outgoing-fetch.ts'
import { asObject, firstMember, jsonOf, objectOf } from './answer-json.ts'

/** How far down a token is looked for: Withings has it one level down, wrappers of gateways two. */
const MAX_DEPTH = 3
/** A token answer has a few dozen members; more are not searched. */
const MAX_SEARCHED = 500

/**
 * The members of a token answer, or undefined when it has none: JSON, JSON inside a JSON text, or a form, as
 * GitHub's and the first Facebook answers are. A form has to say so, or to hold what a token answer holds.
 */
export function readAnswerMembers(answer: OutgoingAnswer): JsonObject | undefined {
  const text = answer.body.reveal().trim()
  const value = anyJson(text)
  if (value === undefined) return readForm(text, answer.contentType)
  if (typeof value === 'string') return objectOf(value) ?? readForm(value, answer.contentType)
  // A list is searched for the object in it that holds the token.
  return Array.isArray(value) ? { list: value as JsonValue } : asObject(value)
}

/** Whether the body is JSON of any kind, or a form: what it lacks can then be named. */
export function isReadable(answer: OutgoingAnswer): boolean {
  const text = answer.body.reveal().trim()
  return anyJson(text) !== undefined || readForm(text, answer.contentType) !== undefined
}

function anyJson(text: string): JsonValue | undefined {
  const value = jsonOf(text)
  return value === undefined ? wrappedJson(text) : value
}

/**
 * The object in JSONP, behind a guard such as `)]}'`, or beside lines that somebody added. A page has none, unless it
 * is a warning before a token.
 */
function wrappedJson(text: string): JsonObject | undefined {
  if (text.startsWith('"')) return undefined
  const [from, to] = [text.indexOf('{'), text.lastIndexOf('}')]
  const inner = from < 0 || to < from ? undefined : objectOf(text.slice(from, to + 1))
  const isPage = text.startsWith('<')
  return inner !== undefined && isPage && nearest(inner, 'access_token') === undefined ? undefined : inner
}

function readForm(text: string, contentType: string | undefined): JsonObject | undefined {
  if (text === '' || /^[<{["]/.test(text) || !text.includes('=')) return undefined
  const members: Record<string, string> = {}
  for (const [name, value] of new URLSearchParams(text.replace(/[\r\n]+/g, '&'))) members[name] ??= value
  const isForm = contentType === 'application/x-www-form-urlencoded'
  const isLike = ['access_token', 'refresh_token', 'error'].some(
    (name) => firstMember(members, [name]) !== undefined,
  )
  return isForm || isLike ? members : undefined
}

/**
 * The object that holds the access token, with the plain members of those around it: the answer itself, or else the
 * nearest one inside it. The answer itself where none does.
 */
export function tokenHolder(answer: JsonObject): JsonObject {
  return nearest(answer, 'access_token')?.whole ?? answer
}

/** A token as text, and the object that it was in, where it was not text itself: `{ token, expires_in }`. */
export interface FoundToken {
  readonly value: JsonValue
  readonly own?: JsonObject
}

/** The member of that name, opened where it is an object or a list of one; undefined when there is none. */
export function tokenIn(holder: JsonObject, name: string): FoundToken | undefined {
  const member = firstMember(holder, [name])
  if (member === undefined) return undefined
  const value = (Array.isArray(member) ? (member as JsonValue[])[0] : member) ?? member
  const own = asObject(value)
  return own === undefined ? { value } : { value: firstMember(own, ['token', 'value', name]) ?? own, own }
}

/**
 * The refresh token that stands beside the object with the access token, in one of its own. Where it has an access
 * token for company it is that one's.
 */
export function refreshTokenBeside(answer: JsonObject): FoundToken | undefined {
  const own = nearest(answer, 'refresh_token')?.own
  if (own === undefined || firstMember(own, ['access_token']) !== undefined) return undefined
  const found = tokenIn(own, 'refresh_token')
  return found === undefined ? undefined : { own, ...found }
}

/** What a body may call a refresh token that is none: only what has a digit and some length is taken for one. */
const LOOSE_TOKEN =
  /\brefresh[_-]?token(?:\\*["']|&quot;)?\s*[:=]\s*(?:\\*["']|&quot;)?((?=\D*\d)[\w.~+/=%-]{16,})/i

/**
 * What is taken for a refresh token where nothing vouches for it: one that is long, of one piece, and no name in letters.
 * A refusal has a member of that name too, for what is wrong with the token that was sent: `["is invalid"]`, or for
 * that token itself, masked or cut short: put in the place of the stored one it would end the grant.
 */
const LIKE_TOKEN = /^(?=\D*\d|.{40})(?!.*(?::\/\/|\*{2}|\.{3}))[\x21-\x7e]{16,}$/
/** And where a success vouches for it, which says nothing of an error: text of one piece, however short. */
const ONE_PIECE = /^[\x21-\x7e]+$/

/**
 * The refresh token of an answer that is otherwise of no use, wherever it is; undefined when there is none. In what
 * is neither JSON nor a form it is looked for in text, also in that of no `isSuccess`, but then only as JSON and XML
 * have it: a refusal quotes tokens in part. A short one is believed of what is no `isRefusal` by anything that it says.
 */
export function anyRefreshToken(
  members: JsonObject | undefined,
  body: string,
  { isSuccess, isRefusal }: { readonly isSuccess: boolean; readonly isRefusal: boolean },
): string | undefined {
  const named = objectsIn(members ?? {}).map(({ own }) => tokenIn(own, 'refresh_token')?.value)
  // What does not parse may be one character away from it, and holds the token all the same.
  const literal = /"refresh_?token"\s*:\s*("(?:[^"\\]|\\.)+")/i.exec(body)?.[1]
  const ofJson = literal === undefined ? undefined : jsonOf(literal)
  const ofXml = /<refresh_?token>\s*([^<\s]+)\s*</i.exec(body)?.[1]
  const ofText = isSuccess ? LOOSE_TOKEN.exec(body)?.[1] : undefined
  const texts = [...named, ofJson, ofXml, ofText].map((value) =>
    typeof value === 'string' ? value.trim() : '',
  )
  const vouched = members === undefined || isRefusal ? undefined : vouchedFor(members)
  return vouched ?? texts.find((text) => LIKE_TOKEN.test(text))
}

function vouchedFor(members: JsonObject): string | undefined {
  const flag = firstMember(members, ['success', 'ok'])
  const isBad = flag !== undefined && isWordForNothing(String(flag))
  if (isBad || firstMember(members, ['errors']) !== undefined) return undefined
  const member = firstMember(members, ['refresh_token'])
  const text = typeof member === 'string' && !isWordForNothing(member) ? member.trim() : ''
  return ONE_PIECE.test(text) ? text : undefined
}

/** An object of an answer, and the same with the plain members of those around it. */
interface Inside {
  readonly own: JsonObject
  readonly whole: JsonObject
}

function nearest(root: JsonObject, name: string): Inside | undefined {
  return objectsIn(root).find(({ whole }) => {
    const value = tokenIn(whole, name)?.value
    return typeof value === 'string' && value !== ''
  })
}

/** The answer and all objects inside it, breadth first, so that what is beside a wrapper wins over what is deeper. */
export function objectsIn(root: JsonObject): readonly Inside[] {
  const found: Inside[] = []
  let level: Inside[] = [{ own: root, whole: root }]
  for (let depth = 0; depth <= MAX_DEPTH && found.length <= MAX_SEARCHED; depth += 1) {
    found.push(...level)
    level = level.flatMap((object) => insideOf(object))
  }
  return found
}

function insideOf({ whole, own }: Inside): Inside[] {
  const plain = Object.entries(whole).filter(([, value]) => typeof value !== 'object')
  return (
    Object.values(own)
      .flatMap((value) => (Array.isArray(value) ? (value as JsonValue[]) : [value]))
      // A gateway may hand on what it was answered as text.
      .map((value) => asObject(typeof value === 'string' && value.startsWith('{') ? jsonOf(value) : value))
      .filter((inner) => inner !== undefined)
      .map((inner) => ({ own: inner, whole: { ...Object.fromEntries(plain), ...inner } }))
  )
}
