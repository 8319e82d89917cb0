import type { ProblemPart } from '../domain/errors.ts'
import type { JsonObject } from '../domain/json.ts'
import type { CrossFieldRule, Setup } from './connector.ts'
import { formatAllows, isCredentialHeaderName, isHeaderValue } from './field-format.ts'
import { ownValue } from './template.ts'

export interface BrokenRule {
  readonly field: string
  /** Never holds a value. */
  readonly reason: string
  readonly allowed?: string
  readonly code?: ProblemPart['code']
}

/** The rules over several fields that the values break. The fields themselves are valid. */
export function brokenRules(setup: Setup, values: JsonObject): BrokenRule[] {
  return (setup.rules ?? []).flatMap((rule) => {
    const broken = check(rule, values)
    return broken === undefined ? [] : [{ field: rule.field, ...broken }]
  })
}

/** The fields that a setup was taken without and that nothing can be handed out without. */
export function fieldsToFollow(setup: Setup, values: JsonObject): string[] {
  return (setup.rules ?? []).flatMap((rule) => {
    if (rule.kind !== 'needed-when') return []
    const enough = [rule.field, ...(rule.unless === undefined ? [] : [rule.unless])]
    if (enough.some((name) => ownValue(values, name) !== undefined)) return []
    const other = ownValue(values, rule.other)
    return typeof other === 'string' && rule.values.includes(other) ? [rule.field] : []
  })
}

function check(rule: CrossFieldRule, values: JsonObject): Omit<BrokenRule, 'field'> | undefined {
  const value = ownValue(values, rule.field)
  if (rule.kind === 'no-colon') {
    if (typeof value !== 'string' || !value.includes(':')) return undefined
    return { reason: `A colon is not allowed in: ${rule.field}`, allowed: 'text without a colon (RFC 7617)' }
  }
  const other = ownValue(values, rule.other)
  if (rule.kind === 'required-unless') {
    const isExcused = typeof other === 'string' && rule.values.includes(other)
    return value === undefined && !isExcused ? missing(rule.field) : undefined
  }
  if (typeof other !== 'string' || !rule.values.includes(other)) return undefined
  if (rule.kind === 'required-when') {
    return value === undefined ? missing(rule.field) : undefined
  }
  if (typeof value !== 'string' || rule.kind === 'needed-when') return undefined
  if (rule.kind === 'header-safe-when') {
    if (isHeaderValue(value)) return undefined
    return { reason: formatReason('header-value'), allowed: formatAllows('header-value') }
  }
  if (isCredentialHeaderName(value)) return undefined
  return { reason: formatReason('header-name'), allowed: HEADER_NAMES_ALLOWED }
}

function missing(field: string): Omit<BrokenRule, 'field'> {
  return { reason: `Missing required property: ${field}` }
}

/** What a header-placed credential may be called, in a few words. */
export const HEADER_NAMES_ALLOWED = 'an HTTP header name that does not frame or route the request'

function formatReason(format: string): string {
  return `Object didn't pass validation for format ${format}`
}
