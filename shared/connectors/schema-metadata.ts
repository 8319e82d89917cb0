import * as z from 'zod/mini'
import type { CrossFieldRule, Field, Setup } from './connector.ts'

/** JSON Schema keywords that zod does not derive by itself, by schema. */
export const metadata = z.registry<Record<string, unknown>>()

/** The keywords of one field. `writeOnly` marks what is never handed back. */
export function describeField(field: Field, keywords: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    title: field.label,
    ...(field.help !== undefined && { description: field.help }),
    ...(field.secret && { writeOnly: true }),
    ...keywords,
  }
}

/** The keywords of a whole setup, with the rules over several fields that JSON Schema can state. */
export function describeSetup(setup: Setup): Record<string, unknown> {
  const conditions = (setup.rules ?? []).flatMap(conditionOf)
  return { title: setup.label, ...(conditions.length > 0 && { allOf: conditions }) }
}

function conditionOf(rule: CrossFieldRule): Record<string, unknown>[] {
  if (rule.kind !== 'required-when' && rule.kind !== 'required-unless') return []
  const when = { properties: { [rule.other]: { enum: [...rule.values] } }, required: [rule.other] }
  if (rule.kind === 'required-unless') return [{ if: when, else: { required: [rule.field] } }]
  // biome-ignore lint/suspicious/noThenProperty: `then` is JSON Schema's keyword.
  return [{ if: when, then: { required: [rule.field] } }]
}
