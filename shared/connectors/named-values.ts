import * as z from 'zod/mini'
import type { $ZodRawIssue } from 'zod/v4/core'
import type { JsonObject, JsonValue } from '../domain/json.ts'
import { HEADER_NAMES_ALLOWED } from './cross-field-rules.ts'
import { formatAllows, hasFormat, isCredentialHeaderName, isHeaderValue, isHttpsUrl } from './field-format.ts'
import { metadata } from './schema-metadata.ts'
import { MAX_NAME_CHARS, MAX_NAMED_VALUES, MAX_VALUE_BYTES } from './setup-limits.ts'
import { ownValue } from './template.ts'

/** One value of a CUSTOM setup, and where it travels; without `in` it is only handed over by name. */
export interface NamedValue {
  readonly name: string
  readonly value: string
  readonly secret: boolean
  readonly in?: 'HEADER' | 'QUERY' | 'BASE_URL'
  /** The header's or parameter's name. */
  readonly as: string
}

const NAME_PATTERN = /^[A-Za-z_][A-Za-z0-9_.-]{0,54}$/

/** The schema of a list of named values: names are unique, and each fits the place it travels in. */
export function namedValuesSchema(): z.ZodMiniType {
  const shape = z.strictObject({
    name: z.string().check(z.maxLength(MAX_NAME_CHARS), z.regex(NAME_PATTERN)),
    value: z.string().register(metadata, { writeOnly: true, maxLength: MAX_VALUE_BYTES }),
    secret: z.optional(z.boolean()),
    in: z.optional(z.enum(['HEADER', 'QUERY', 'BASE_URL'])),
    as: z.optional(z.string().check(z.minLength(1), z.maxLength(MAX_NAME_CHARS))),
  })
  // Each by itself: what is wrong with one is told whatever is wrong with another.
  const entry = shape.check((payload) => {
    const [value] = readNamedValues([payload.value as JsonValue])
    const found = value === undefined ? undefined : valueIssue(value)
    if (found !== undefined) payload.issues.push(rawIssue([found.member], found))
  })
  return z
    .array(entry)
    .check(z.minLength(1), z.maxLength(MAX_NAMED_VALUES))
    .check((payload) => {
      payload.issues.push(...listIssues(readNamedValues(payload.value as JsonValue)))
    })
}

/** The list as typed values, defaults filled in; empty for anything that is no such list. */
export function readNamedValues(list: JsonValue | undefined): readonly NamedValue[] {
  if (!Array.isArray(list)) return []
  return list.flatMap((entry: JsonValue) => {
    if (entry === null || typeof entry !== 'object' || Array.isArray(entry)) return []
    const members = entry as JsonObject
    const name = ownValue(members, 'name')
    const value = ownValue(members, 'value')
    if (typeof name !== 'string' || typeof value !== 'string') return []
    const place = ownValue(members, 'in')
    const as = ownValue(members, 'as')
    const placed = place === 'HEADER' || place === 'QUERY' || place === 'BASE_URL'
    return [
      {
        name,
        value,
        secret: ownValue(members, 'secret') !== false,
        as: typeof as === 'string' ? as : name,
        ...(placed && { in: place }),
      },
    ]
  })
}

function listIssues(values: readonly NamedValue[]): $ZodRawIssue[] {
  const seen = new Set<string>()
  return values.flatMap((value, index) => {
    const found = duplicateIssue(value, seen)
    return found === undefined ? [] : [rawIssue([index, found.member], found)]
  })
}

function rawIssue(path: PropertyKey[], { message, allowed }: NamedValueIssue): $ZodRawIssue {
  return {
    code: 'custom',
    message,
    path,
    ...(allowed !== undefined && { params: { allowed } }),
    input: undefined,
  }
}

interface NamedValueIssue {
  readonly member: string
  readonly message: string
  readonly allowed?: string
}

/** A name may be used once, and so may a header, a query parameter and the base URL. */
function duplicateIssue(value: NamedValue, seen: Set<string>): NamedValueIssue | undefined {
  const name = `name ${value.name}`
  const place = placeKey(value)
  const member = seen.has(name) ? 'name' : place !== undefined && seen.has(place) ? 'in' : undefined
  seen.add(name)
  if (place !== undefined) seen.add(place)
  if (member === undefined) return undefined
  return member === 'name'
    ? { member, message: 'Array items are not unique', allowed: 'each name once' }
    : {
        member,
        message: 'Two values travel in the same place',
        allowed: 'each header, parameter or URL once',
      }
}

/** Header names do not tell case apart (RFC 9110 §5.1); parameter names do. */
function placeKey(value: NamedValue): string | undefined {
  if (value.in === 'HEADER') return `header ${value.as.toLowerCase()}`
  if (value.in === 'QUERY') return `query ${value.as}`
  return value.in === 'BASE_URL' ? 'base url' : undefined
}

function valueIssue(value: NamedValue): NamedValueIssue | undefined {
  const bytes = Buffer.byteLength(value.value, 'utf8')
  if (bytes > MAX_VALUE_BYTES) {
    return { member: 'value', message: `String is too long (${bytes} bytes), maximum ${MAX_VALUE_BYTES}` }
  }
  if (value.name === '__proto__') return { member: 'name', message: 'Name is not allowed: __proto__' }
  if (!value.value.isWellFormed()) return formatIssue('value', 'text', formatAllows('text'))
  if (value.in === 'BASE_URL' && !isHttpsUrl(value.value)) {
    return formatIssue('value', 'forms-url-https', formatAllows('https-url'))
  }
  if (value.in === 'QUERY' && !hasFormat('visible-ascii', value.as)) {
    return formatIssue('as', 'visible-ascii', formatAllows('visible-ascii'))
  }
  if (value.in !== 'HEADER') return undefined
  if (!isCredentialHeaderName(value.as)) return formatIssue('as', 'header-name', HEADER_NAMES_ALLOWED)
  return isHeaderValue(value.value)
    ? undefined
    : formatIssue('value', 'header-value', formatAllows('header-value'))
}

function formatIssue(member: string, format: string, allowed: string): NamedValueIssue {
  return { member, message: `Object didn't pass validation for format ${format}`, allowed }
}
