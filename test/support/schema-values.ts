import fc from 'fast-check'

/** A JSON Schema, as far as the OpenAPI document uses it. */
export interface JsonSchema {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly minItems?: number
  readonly maxItems?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly pattern?: string
  readonly format?: string
}

/** Longer texts and lists are tried by hand, at the very limits; here they would only cost time. */
const MAX_TRIED_LENGTH = 200
const MAX_TRIED_ITEMS = 4

/** Values that fit the schema, but for rules that JSON Schema cannot say or that it says over several members. */
export function valuesOf(schema: JsonSchema): fc.Arbitrary<unknown> {
  if ('const' in schema) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  const alternatives = schema.anyOf ?? schema.oneOf
  // Beside members of its own, an alternative only says which of them belong together.
  if (alternatives !== undefined && schema.properties === undefined)
    return fc.oneof(...alternatives.map(valuesOf))
  switch (schema.type) {
    case 'object':
      return objectsOf(schema)
    case 'array':
      return fc.array(valuesOf(schema.items ?? {}), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? MAX_TRIED_ITEMS, MAX_TRIED_ITEMS),
      })
    case 'string':
      return textsOf(schema)
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -1000, max: schema.maximum ?? 1000 })
    case 'boolean':
      return fc.boolean()
    default:
      return fc.jsonValue({ maxDepth: 2 })
  }
}

/** What nobody expects where something else is meant. */
export function strangeValues(): fc.Arbitrary<unknown> {
  return fc.oneof(
    fc.constantFrom<unknown>(null, true, -1, 0, 1.5, 1e308, '', [], {}, [[]], { toString: 'x' }),
    fc.constantFrom('\0', '\r\nX-Injected: 1', '\ud800', '\u202e', '💎'.repeat(200), 'x'.repeat(5000)),
    fc.constantFrom("' OR 1=1--", '<img src=x onerror=alert(1)>', '../../etc/passwd', '{{7*7}}', '%00'),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.jsonValue({ maxDepth: 3 }),
  )
}

function objectsOf(schema: JsonSchema): fc.Arbitrary<unknown> {
  const members = Object.entries(schema.properties ?? {}).map(([name, member]) => [name, valuesOf(member)])
  return fc.record(Object.fromEntries(members), {
    requiredKeys: [...(schema.required ?? [])] as never[],
    noNullPrototype: true,
  })
}

function textsOf(schema: JsonSchema): fc.Arbitrary<string> {
  const { minLength = 0, maxLength = MAX_TRIED_LENGTH } = schema
  const fits = (text: string): boolean => [...text].length >= minLength && [...text].length <= maxLength
  if (schema.format === 'uri') return fc.webUrl({ validSchemes: ['https'] }).filter(fits)
  if (schema.format === 'hostname') return fc.domain().filter(fits)
  if (schema.format === 'email') return fc.emailAddress().filter(fits)
  if (schema.pattern !== undefined) {
    const maxTried = Math.min(maxLength, MAX_TRIED_LENGTH)
    return fc.stringMatching(new RegExp(schema.pattern), { maxLength: maxTried }).filter(fits)
  }
  return fc
    .string({ unit: 'grapheme', minLength, maxLength: Math.min(maxLength, MAX_TRIED_LENGTH) })
    .filter(fits)
}
