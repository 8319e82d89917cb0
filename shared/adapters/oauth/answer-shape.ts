import type { JsonObject, JsonValue } from '../../domain/json.ts'
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

/** The object in JSONP, behind a guard such as `)]}'`, or before a line that somebody added; a page has none. */
function wrappedJson(text: string): JsonObject | undefined {
  if (text.startsWith('<') || text.startsWith('"')) return undefined
  const [from, to] = [text.indexOf('{'), text.lastIndexOf('}')]
  return from < 0 || to < from ? undefined : objectOf(text.slice(from, to + 1))
}

function readForm(text: string, contentType: string | undefined): JsonObject | undefined {
  if (text === '' || /^[<{["]/.test(text) || !text.includes('=')) return undefined
  const members: Record<string, string> = {}
  for (const [name, value] of new URLSearchParams(text)) members[name] ??= value
  const isForm = contentType === 'application/x-www-form-urlencoded'
  const isLike = ['access_token', 'error'].some((name) => Object.hasOwn(members, name))
  return isForm || isLike ? members : undefined
}

/**
 * The object that holds the access token, with the plain members of those around it: the answer itself, or else the
 * nearest one inside it. The answer itself where none does.
 */
export function tokenHolder(answer: JsonObject): JsonObject {
  return nearest(answer, 'access_token') ?? answer
}

/** The refresh token of an answer that is otherwise of no use, wherever it is; undefined when there is none. */
export function anyRefreshToken(members: JsonObject | undefined, body: string): string | undefined {
  const holder = members === undefined ? undefined : nearest(members, 'refresh_token')
  const found = holder === undefined ? undefined : firstMember(holder, ['refresh_token'])
  if (typeof found === 'string' && found.trim() !== '') return found
  // What does not parse may be one character away from it, and holds the token all the same.
  const literal = /"refresh_?token"\s*:\s*("(?:[^"\\]|\\.)+")/i.exec(body)?.[1]
  const text = literal === undefined ? undefined : jsonOf(literal)
  return typeof text === 'string' ? text : /<refresh_?token>\s*([^<\s]+)\s*</i.exec(body)?.[1]
}

/** Breadth first, so that a token beside the wrapper wins over one deeper inside. */
function nearest(root: JsonObject, name: string): JsonObject | undefined {
  let level: JsonObject[] = [root]
  let searched = 0
  for (let depth = 0; depth <= MAX_DEPTH; depth += 1) {
    const found = level.find((object) => typeof firstMember(object, [name]) === 'string')
    if (found !== undefined) return found
    level = level.flatMap((object) => insideOf(object))
    searched += level.length
    if (searched > MAX_SEARCHED) return undefined
  }
  return undefined
}

function insideOf(object: JsonObject): JsonObject[] {
  const plain = Object.entries(object).filter(([, value]) => typeof value !== 'object')
  return (
    Object.values(object)
      .flatMap((value) => (Array.isArray(value) ? (value as JsonValue[]) : [value]))
      // A gateway may hand on what it was answered as text.
      .map((value) => asObject(typeof value === 'string' && value.startsWith('{') ? jsonOf(value) : value))
      .filter((inner) => inner !== undefined)
      .map((inner) => ({ ...Object.fromEntries(plain), ...inner }))
  )
}
