import * as z from 'zod/mini'
import { countCharacters } from '../../shared/domain/characters.ts'
import { MAX_ID_LENGTH } from '../../shared/domain/ids.ts'
import { shownName } from '../../shared/domain/schema-issue.ts'
import type { RouteResponse } from '../route.ts'

/** Auth0 looks up any id of at most 30 characters and refuses longer ones. */
export const connectionIdPath = z.object({
  id: z.string().check(z.minLength(1), z.maxLength(MAX_ID_LENGTH)),
})

/** `true` or `false`, as query parameters spell them. */
export function queryFlag() {
  return z.pipe(
    z.enum(['true', 'false']),
    z.transform((text) => text === 'true'),
  )
}

/** One of these values, or several with commas between, as a repeated parameter arrives too. */
export function queryList(values: readonly string[]) {
  const allowed = `one of ${values.join(', ')}`
  const text = z.string().check((payload) => {
    const unknown = payload.value.split(',').find((value) => !values.includes(value))
    if (unknown === undefined) return
    const message = `No enum match for: ${shownName(unknown)}`
    payload.issues.push({ code: 'custom', message, params: { allowed }, input: payload.value })
  })
  const pattern = `^(${values.join('|')})(,(${values.join('|')}))*$`
  return z.pipe(
    text.register(z.globalRegistry, { type: 'string', pattern }),
    z.transform((list: string) => [...new Set(list.split(','))]),
  )
}

/** A whole number in decimal digits within a range, as query parameters spell it. */
export function queryInteger(range: { minimum: number; maximum: number }) {
  const allowed = `a whole number from ${range.minimum} to ${range.maximum}`
  const digits = z.string().check((payload) => {
    const isWhole = /^-?\d{1,9}$/.test(payload.value)
    const number = isWhole ? Number(payload.value) : Number.NaN
    if (number >= range.minimum && number <= range.maximum) return
    const message = isWhole
      ? `Value ${number} is ${number < range.minimum ? 'less' : 'greater'} than allowed`
      : 'Expected type integer but found type string'
    payload.issues.push({ code: 'custom', message, params: { allowed }, input: payload.value })
  })
  const described = digits.register(z.globalRegistry, { type: 'integer', ...range })
  return z.pipe(
    described,
    z.transform((text: string) => Number(text)),
  )
}

/**
 * Text of a length that is counted as JSON Schema counts it, in characters (RFC 8259 §8.2 code points) and not in
 * UTF-16 units. Half a surrogate pair is refused: no store could give it back.
 */
export function textOfLength(length: { minimum: number; maximum: number }) {
  const { minimum, maximum } = length
  const text = z.string().check((payload) => {
    const { value } = payload
    const count = countCharacters(value)
    if (count < minimum) {
      payload.issues.push({ code: 'too_small', origin: 'string', minimum, inclusive: true, input: value })
    } else if (count > maximum) {
      payload.issues.push({ code: 'too_big', origin: 'string', maximum, inclusive: true, input: value })
    } else if (!value.isWellFormed()) {
      const params = { allowed: 'whole characters' }
      payload.issues.push({ code: 'custom', message: 'String is not valid Unicode', params, input: value })
    }
  })
  return text.register(z.globalRegistry, { minLength: minimum, maxLength: maximum })
}

/** `?view=full` adds our own fields. */
export const viewQuery = z.strictObject({ view: z.optional(z.enum(['basic', 'full'])) })

/** `If-Match` as it was sent; what it names is compared with the row (RFC 9110 §13.1.1). */
export const ifMatchHeader = z.object({ 'if-match': z.optional(z.string().check(z.maxLength(500))) })

/** Auth0's error object. */
export const errorSchema = z.object({
  statusCode: z.int(),
  error: z.string(),
  message: z.string(),
  errorCode: z.optional(z.string()),
  /** Ours: everything that is wrong, of which the message tells the first. */
  errors: z.optional(
    z.array(
      z.object({
        path: z.string(),
        code: z.string(),
        message: z.string(),
        allowed: z.optional(z.string()),
      }),
    ),
  ),
})

const ERROR_DESCRIPTIONS: Readonly<Record<number, string>> = {
  400: 'The request is not valid; the message names the field, the reason and what is allowed. Nothing was changed.',
  401: 'No token, or one that does not verify.',
  403: 'The token lacks the scope.',
  404: 'Nothing of this tenant has that id, or name.',
  409: 'The state of things does not allow it; `errorCode` and the message say why, and what to do.',
  410: 'What was asked for is gone for good; the message says how to go on.',
  412: 'The connection has changed since the tag in `If-Match` was read.',
  413: 'The body is over 100 KiB.',
  415: 'The body is of another media type than the operation takes.',
  422: 'The Idempotency-Key was used with another body.',
  429: 'Too many requests of this tenant, or of this address without a token; `Retry-After` says when to go on.',
  503: 'A store or provider did not answer; nothing was changed, and `Retry-After` says when to try again. Without it a write may have come through: look before you send it again.',
}

/** The error answers of a route, by status. */
export function errorResponses(...statuses: number[]): Record<number, RouteResponse> {
  return Object.fromEntries(
    statuses.map((status) => [status, { description: ERROR_DESCRIPTIONS[status]!, schema: errorSchema }]),
  )
}

/** What every route that needs a token can answer. */
export const GUARDED = [400, 401, 403, 429, 503] as const
