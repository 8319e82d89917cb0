import * as z from 'zod/mini'
import type { $ZodIssue, $ZodType } from 'zod/v4/core'
import { countCharacters } from './characters.ts'
import { type ErrorCode, type ProblemPart, VaultError } from './errors.ts'

/** Names and enumerated values in messages are cut here: what a caller sends must not swell our answers and logs. */
export const MAX_SHOWN_CHARS = 60

/** More is wrong with a body than a person mends at once; what a caller sends must not swell our answers. */
const MAX_ERRORS = 50

export interface IssueContext {
  readonly code: ErrorCode
  /** What the value was parsed with: for a member that there is not, it knows those that there are. */
  readonly schema: $ZodType
  /** The value that was parsed: lengths and types found are told from it, never the value itself. */
  readonly input: unknown
  /** Where the parsed value sits in the request, such as `setup`; left out for the body itself. */
  readonly root?: string
  /** What would have been accepted, where the issue does not say so by itself. */
  readonly allowed?: (issue: $ZodIssue) => string | undefined
}

/**
 * One error for what a schema refused, in z-schema's words (the ones Auth0's API answers with). The most telling
 * issue wins: a wrong kind of body, then what is missing, what is too much, and then the values.
 */
export function vaultErrorFromIssues(issues: readonly $ZodIssue[], context: IssueContext): VaultError {
  const ranked = issues.toSorted((a, b) => rank(a, context.input) - rank(b, context.input))
  const issue = ranked[0]
  if (issue === undefined) return new VaultError(context.code, 'Data is not valid')
  const errors = ranked.slice(0, MAX_ERRORS).flatMap((each) => partsOf(each, context))
  const field = fieldOf(issue, context.root)
  const allowed = allowedFor(issue, context)
  return new VaultError(context.code, reasonOf(issue, context.input), {
    ...(field !== '' && { field }),
    ...(allowed !== undefined && { allowed }),
    errors,
  })
}

function allowedFor(issue: $ZodIssue, { allowed, schema }: IssueContext): string | undefined {
  return allowed?.(issue) ?? allowedBy(issue, schema)
}

/** One part an issue, and for members that there are not, one a member. */
function partsOf(issue: $ZodIssue, context: IssueContext): ProblemPart[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, MAX_ERRORS).map((key) => ({
      path: fieldOf({ ...issue, keys: [key] }, context.root),
      code: 'not_allowed',
      message: `Additional properties not allowed: ${shownName(key)}`,
    }))
  }
  const code = isMissing(issue, context.input) ? 'missing' : (PART_CODES[issue.code] ?? 'value')
  const allowed = allowedFor(issue, context)
  const part = { path: fieldOf(issue, context.root), code, message: reasonOf(issue, context.input) }
  return [{ ...part, ...(allowed === undefined ? {} : { allowed }) }]
}

const PART_CODES: Readonly<Partial<Record<$ZodIssue['code'], ProblemPart['code']>>> = {
  invalid_type: 'type',
  too_small: 'length',
  too_big: 'length',
  invalid_format: 'format',
}

/** The text cut to what a message may show, control characters replaced. */
export function shownName(name: string): string {
  // Cut first: the names of a body full of them are a hundred thousand characters.
  const start = name.slice(0, 2 * (MAX_SHOWN_CHARS + 1))
  const characters = [...start.replaceAll(/[^\x20-\x7e\u00a0-\ud7ff\u{10000}-\u{10ffff}]/gu, '?')]
  if (characters.length <= MAX_SHOWN_CHARS) return characters.join('')
  return `${characters.slice(0, MAX_SHOWN_CHARS - 1).join('')}…`
}

/** The name z-schema gives a value's type: `integer` for whole numbers, `array` and `null` beside `object`. */
export function typeName(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}

function rank(issue: $ZodIssue, input: unknown): number {
  if (issue.path.length === 0 && issue.code === 'invalid_type') return 0
  if (isMissing(issue, input)) return 1
  const order = [
    'unrecognized_keys',
    'invalid_type',
    'invalid_value',
    'too_small',
    'too_big',
    'invalid_format',
  ]
  const position = order.indexOf(issue.code)
  return 2 + (position < 0 ? order.length : position)
}

function reasonOf(issue: $ZodIssue, input: unknown): string {
  if (isMissing(issue, input)) return `Missing required property: ${shownName(String(issue.path.at(-1)))}`
  const value = valueAt(input, issue.path)
  switch (issue.code) {
    case 'unrecognized_keys':
      return `Additional properties not allowed: ${shownName(issue.keys.join(','))}`
    case 'invalid_type':
      return typeReason(issue.expected, value)
    case 'invalid_value':
      return typeof value === 'string'
        ? `No enum match for: ${shownName(value)}`
        : typeReason(typeName(issue.values[0]), value)
    case 'too_small':
      return sizeReason('short', Number(issue.minimum), issue.origin, value)
    case 'too_big':
      return sizeReason('long', Number(issue.maximum), issue.origin, value)
    case 'invalid_format':
      if (issue.format === 'regex') return `String does not match pattern ${bare(issue.pattern)}`
      return `Object didn't pass validation for format ${issue.format}`
    case 'invalid_union':
      return "Data does not match any schemas from 'oneOf'"
    case 'custom':
      return issue.message
    default:
      return 'Data is not valid'
  }
}

/** A pattern as JSON Schema writes it: without the slashes and flags of a literal. */
function bare(pattern: string | undefined): string {
  return (pattern ?? '').replace(/^\/(.*)\/[a-z]*$/, '$1')
}

const JSON_TYPES: Readonly<Record<string, string>> = { int: 'integer', record: 'object', tuple: 'array' }

function typeReason(expected: string, value: unknown): string {
  return `Expected type ${JSON_TYPES[expected] ?? expected} but found type ${typeName(value)}`
}

function sizeReason(end: 'short' | 'long', limit: number, origin: string, value: unknown): string {
  const bound = `${end === 'short' ? 'minimum' : 'maximum'} ${limit}`
  if (typeof value === 'string') return `String is too ${end} (${countCharacters(value)} chars), ${bound}`
  if (Array.isArray(value)) return `Array is too ${end} (${value.length}), ${bound}`
  if (typeof value === 'number')
    return `Value ${value} is ${end === 'short' ? 'less' : 'greater'} than ${bound}`
  return `${origin} is too ${end}, ${bound}`
}

function allowedBy(issue: $ZodIssue, schema: $ZodType): string | undefined {
  if (issue.code === 'unrecognized_keys') return memberNames(schema, issue.path)
  if (issue.code === 'invalid_value') return `one of ${issue.values.map(String).join(', ')}`
  if (issue.code === 'too_big') return `at most ${issue.maximum}`
  if (issue.code === 'too_small') return `at least ${issue.minimum}`
  if (issue.code === 'invalid_format' && issue.format === 'regex') return PATTERN_WORDS[bare(issue.pattern)]
  const allowed: unknown = issue.code === 'custom' ? issue.params?.['allowed'] : undefined
  return typeof allowed === 'string' ? allowed : undefined
}

/** What the patterns of bodies mean to people. */
const PATTERN_WORDS: Readonly<Record<string, string>> = {
  '^[\\x21-\\x7e]+$': 'visible ASCII characters without spaces',
  '^[\\x21\\x23-\\x5b\\x5d-\\x7e]+$':
    'one scope: visible ASCII characters without spaces, quotation marks and back slashes',
  '^[A-Za-z_][A-Za-z0-9_.-]{0,63}$': 'a name or path of letters, digits and _ . -',
}

/** The members of the object that a schema has at a path; undefined where it has none that are named. */
function memberNames(schema: $ZodType, path: readonly PropertyKey[]): string | undefined {
  const at = path.reduce<$ZodType | undefined>((outer, name) => schemaOf(bareSchema(outer), name), schema)
  const object = bareSchema(at)
  return object instanceof z.ZodMiniObject ? Object.keys(object.shape).join(', ') || 'none' : undefined
}

function schemaOf(outer: $ZodType | undefined, name: PropertyKey): $ZodType | undefined {
  if (outer instanceof z.ZodMiniObject) return outer.shape[String(name)]
  if (outer instanceof z.ZodMiniArray) return outer.def.element
  return undefined
}

/** Without what says that it may be left out or null, and before what is made of it. */
function bareSchema(schema: $ZodType | undefined): $ZodType | undefined {
  if (schema instanceof z.ZodMiniOptional || schema instanceof z.ZodMiniNullable)
    return bareSchema(schema.def.innerType)
  return schema instanceof z.ZodMiniPipe ? bareSchema(schema.def.in) : schema
}

function fieldOf(issue: $ZodIssue, root: string | undefined): string {
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path
  return [...(root === undefined ? [] : [root]), ...path.map((part) => shownName(String(part)))].join('.')
}

function isMissing(issue: $ZodIssue, input: unknown): boolean {
  if (issue.path.length === 0 || (issue.code !== 'invalid_type' && issue.code !== 'invalid_value'))
    return false
  return valueAt(input, issue.path) === undefined
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input
  for (const name of path) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, name)) return undefined
    value = (value as Record<PropertyKey, unknown>)[name]
  }
  return value
}
