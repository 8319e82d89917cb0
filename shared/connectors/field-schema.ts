import * as z from 'zod/mini'
import type { $ZodIssue, $ZodRawIssue } from 'zod/v4/core'
import { countCharacters } from '../domain/characters.ts'
import { canSign, KEYS_FOR } from '../domain/signing-key.ts'
import type { Field } from './connector.ts'
import {
  formatAllows,
  formatName,
  hasFormat,
  isUnderHosts,
  MAX_URL_CHARS,
  type StringFormat,
  type StructuredFormat,
} from './field-format.ts'
import { namedValuesSchema } from './named-values.ts'
import { memberNamesSchema, parametersSchema } from './request-parameters.ts'
import { describeField, metadata } from './schema-metadata.ts'
import { MAX_LIFE_SECONDS, MAX_VALUE_BYTES } from './setup-limits.ts'

/** The schema of one field: an enumeration, a list of named values, or text of a format. */
export function fieldSchema(field: Field): z.ZodMiniType {
  if (isStructured(field.format)) {
    return STRUCTURED[field.format]().register(metadata, describeField(field))
  }
  if (field.enum !== undefined) return z.enum([...field.enum]).register(metadata, describeField(field))
  return textSchema(field, field.format)
}

/** What a field accepts, in a few words, for an issue that concerns it. */
export function fieldAllows(field: Field, issue: Pick<$ZodIssue, 'code'>): string | undefined {
  if (isStructured(field.format) || field.enum !== undefined) return undefined
  if (issue.code !== 'invalid_format' && issue.code !== 'invalid_type') return undefined
  return field.signs === undefined ? formatAllows(field.format) : KEYS_FOR[field.signs]
}

const STRUCTURED: Readonly<Record<StructuredFormat, () => z.ZodMiniType>> = {
  'named-values': namedValuesSchema,
  'member-names': memberNamesSchema,
  parameters: parametersSchema,
  seconds: () => z.int().check(z.minimum(0), z.maximum(MAX_LIFE_SECONDS)),
  flag: () => z.boolean(),
}

function isStructured(format: Field['format']): format is StructuredFormat {
  return Object.hasOwn(STRUCTURED, format)
}

function textSchema(field: Field, format: StringFormat): z.ZodMiniType {
  const limits = lengthLimits(field)
  const schema = z.string().check((payload) => {
    const issue = textIssue(field, format, payload.value)
    if (issue !== undefined) payload.issues.push(issue)
  })
  const pattern = field.pattern === undefined ? {} : { pattern: field.pattern }
  const keywords = { ...limits, ...(JSON_SCHEMA_FORMATS[format] ?? {}), ...pattern }
  return schema.register(metadata, describeField(field, keywords))
}

function textIssue(field: Field, format: StringFormat, value: string): $ZodRawIssue | undefined {
  const { minLength, maxLength } = lengthLimits(field)
  // JSON Schema counts characters, not UTF-16 units; the length in units is an upper bound, so long texts are cheap.
  const chars = countCharacters(value)
  if (chars < minLength) {
    return { code: 'too_small', origin: 'string', minimum: minLength, inclusive: true, input: value }
  }
  if (maxLength !== undefined && chars > maxLength) {
    return { code: 'too_big', origin: 'string', maximum: maxLength, inclusive: true, input: value }
  }
  const bytes = Buffer.byteLength(value, 'utf8')
  if (bytes > MAX_VALUE_BYTES) {
    const message = `String is too long (${bytes} bytes), maximum ${MAX_VALUE_BYTES}`
    return { code: 'custom', message, params: { allowed: `at most ${MAX_VALUE_BYTES} bytes` }, input: value }
  }
  if (field.pattern !== undefined && !new RegExp(field.pattern).test(value)) {
    const params = { allowed: `text such as ${field.example}` }
    return { code: 'custom', message: `String does not match pattern ${field.pattern}`, params, input: value }
  }
  if (!hasFormat(format, value) || (field.signs !== undefined && !canSign(value, field.signs)))
    return { code: 'invalid_format', format: formatName(format), input: value }
  if (field.hosts !== undefined && !isUnderHosts(value, field.hosts)) {
    const allowed = `a host under ${field.hosts.join(' or ')}`
    return { code: 'custom', message: 'Host is not allowed', params: { allowed }, input: value }
  }
  return undefined
}

/** A required value is never empty; a URL is never longer than we keep. */
function lengthLimits(field: Field): { minLength: number; maxLength?: number } {
  const maxLength = field.maxLength ?? (field.format === 'https-url' ? MAX_URL_CHARS : undefined)
  return { minLength: field.minLength ?? 1, ...(maxLength !== undefined && { maxLength }) }
}

const JSON_SCHEMA_FORMATS: Partial<Record<StringFormat, Record<string, string>>> = {
  'https-url': { format: 'uri', pattern: '^https://' },
  hostname: { format: 'hostname' },
  email: { format: 'email' },
  'visible-ascii': { pattern: '^[\\x21-\\x7e]*$' },
}
