import type { JsonObject, JsonValue } from '../../domain/json.ts'
import type { OutgoingAnswer } from '../../ports/outgoing-fetch.ts'

/** Values longer than this are not kept for templates: they are hosts, ids and URLs. */
const MAX_KEPT_LENGTH = 2_048

/**
 * The answer's JSON object, or undefined when the body is anything else. The content type is not asked: providers
 * send JSON as `text/plain` and `text/javascript`, and HTML does not parse.
 */
export function parseJsonObject(answer: OutgoingAnswer): JsonObject | undefined {
  return objectOf(answer.body.reveal())
}

/** The JSON object that the text is, or undefined; RFC 8259 §8.1 lets a parser ignore a byte order mark. */
export function objectOf(text: string): JsonObject | undefined {
  return asObject(jsonOf(text))
}

/** The JSON value that the text is, or undefined. */
export function jsonOf(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''), wholeNumber) as JsonValue
  } catch {
    // The parser's message quotes the text.
    return undefined
  }
}

/**
 * A whole number that a double would round (RFC 8259 §6), as the text that it is: ids and tokens of that length are
 * handed on and compared, and the next one that exists is somebody else's.
 */
function wholeNumber(_name: string, value: JsonValue, { source = '' }: { source?: string } = {}): JsonValue {
  return typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? source : value
}

/** An own member by name, or by a path such as `team.id` or `emails[0].value`; undefined when a step is missing. */
export function memberAt(from: JsonValue, path: string): JsonValue | undefined {
  const whole = ownMember(from, path)
  if (whole !== undefined) return whole
  let value: JsonValue | undefined = from
  for (const name of path.match(/[^.[\]]+/g) ?? []) value = ownMember(value, name)
  return value
}

function ownMember(value: JsonValue | undefined, name: string): JsonValue | undefined {
  if (Array.isArray(value)) return (value as JsonValue[])[Number(name)]
  const holder = asObject(value)
  return holder !== undefined && Object.hasOwn(holder, name) ? holder[name] : undefined
}

/** The first of the names that the object has a value for, in whatever case and with or without underscores. */
export function firstMember(object: JsonObject, names: readonly string[]): JsonValue | undefined {
  for (const name of names) {
    const value = Object.hasOwn(object, name) ? object[name] : undefined
    if (value !== undefined && value !== null) return value
  }
  const wanted = new Set(names.map(bareName))
  const like = Object.entries(object).find(([name, value]) => value != null && wanted.has(bareName(name)))
  return like?.[1]
}

/** A name without case and separators: `expires_in`, `Expires-In` and `.expiresIn` are one. */
export function bareName(name: string): string {
  return name.toLowerCase().replace(/[_.\s-]/g, '')
}

/** The value when it is an object, not a list. */
export function asObject(value: JsonValue | undefined): JsonObject | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as JsonObject) : undefined
}

/** The named members that are text, numbers or flags, as text: one that is blank is as good as left out. */
export function pickText(object: JsonObject, names: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {}
  for (const name of names) {
    const value = memberAt(object, name)
    const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    const text = plain ? String(value) : ''
    if (text.trim() !== '' && text.length <= MAX_KEPT_LENGTH) picked[name] = text
  }
  return picked
}

/** A finite number, also when it is spelled as text; undefined for anything else. */
export function toNumber(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  return typeof value === 'string' && /^-?\d{1,100}(?:\.\d{1,30})?(?:e\+?\d{1,2})?$/i.test(value.trim())
    ? Number(value)
    : undefined
}
