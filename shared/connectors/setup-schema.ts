import * as z from 'zod/mini'
import type { $ZodIssue } from 'zod/v4/core'
import { type ProblemPart, VaultError, withErrors } from '../domain/errors.ts'
import type { JsonObject, JsonValue } from '../domain/json.ts'
import { shownName, typeName, vaultErrorFromIssues } from '../domain/schema-issue.ts'
import { type AddressCheck, forbiddenFields } from './called-urls.ts'
import type { Connector, Setup } from './connector.ts'
import { type BrokenRule, brokenRules } from './cross-field-rules.ts'
import { fieldAllows, fieldSchema } from './field-schema.ts'
import { hasPresets, pickPresetSetup, withoutType } from './presets/pick-preset-setup.ts'
import { describeSetup, metadata } from './schema-metadata.ts'
import { MAX_NAME_CHARS, MAX_SETUP_BYTES, MAX_UNDECLARED_MEMBERS, MAX_VALUE_BYTES } from './setup-limits.ts'
import { APPLICATION_FIELD } from './shared-setup.ts'
import { ownValue } from './template.ts'

/** What a setup was found to be, and its values with `type` filled in. */
export interface ValidSetup {
  readonly setup: Setup
  readonly values: JsonObject
  /** The fields that had blanks at their ends, which are left out. */
  readonly trimmed?: readonly string[]
}

/**
 * Checks `input` against the connector's setup that its `type` names; the type may be left out where Auth0's
 * schema lets it. Throws `VaultError('invalid-body')` with z-schema's wording, `field` as a path under `setup`,
 * and what is allowed. `checkUrl` refuses addresses that the vault would have to call and never will. No message ever
 * holds a field's value, but for a wrong enumerated one.
 */
export function validateSetup(connector: Connector, input: unknown, checkUrl?: AddressCheck): ValidSetup {
  const sent = objectOf(input)
  return validateAs(pickSetup(connector, sent), sent, checkUrl)
}

/** Checks `input` against that very setup; throws as `validateSetup` does. */
export function validateAs(setup: Setup, input: unknown, checkUrl?: AddressCheck): ValidSetup {
  const sent = objectOf(input)
  const { values: members, trimmed } = trimmedValues(setup, sent)
  const schema = setupSchema(setup)
  const context = { code: 'invalid-body', schema, input, root: 'setup' } as const
  const result = schema.safeParse(members)
  const allowed = (issue: $ZodIssue): string | undefined => allowedIn(setup, issue)
  if (!result.success) {
    const refused = vaultErrorFromIssues(result.error.issues, { ...context, allowed })
    throw withErrors(refused, partsOf(broken(setup, members, checkUrl)))
  }
  // `type` is filled in, so that a setup has one canonical form whether or not it was sent.
  const values: JsonObject = { ...(result.data as JsonObject), type: writtenType(setup) }
  throwFor(broken(setup, values, checkUrl))
  const bytes = Buffer.byteLength(canonicalSetup(values), 'utf8')
  if (bytes > MAX_SETUP_BYTES) {
    throw invalid(`Setup is too large (${bytes} bytes), maximum ${MAX_SETUP_BYTES}`, 'setup', undefined)
  }
  return { setup, values, ...(trimmed.length === 0 ? {} : { trimmed }) }
}

function objectOf(input: unknown): JsonObject {
  if (typeName(input) === 'object') return input as JsonObject
  throw invalid(`Expected type object but found type ${typeName(input)}`, 'setup', 'an object')
}

/** Blanks that come with pasting, those without a width too; a line break is refused by the format, because it may mean more was pasted. */
const BLANK = '(?:[^\\S\\r\\n]|[\u200b-\u200d\u2060])'
const OUTER_BLANKS = new RegExp(`^${BLANK}+|${BLANK}+$`, 'g')

/** The text without them. */
export function withoutOuterBlanks(text: string): string {
  return text.replace(OUTER_BLANKS, '')
}

function trimmedValues(
  setup: Setup,
  sent: JsonObject,
): { readonly values: JsonObject; readonly trimmed: readonly string[] } {
  const values: Record<string, JsonValue | undefined> = { ...sent }
  const trimmed: string[] = []
  for (const { name, trimmed: isTrimmed } of setup.fields) {
    const value = isTrimmed === true ? ownValue(sent, name) : undefined
    const bare = typeof value === 'string' ? withoutOuterBlanks(value) : value
    if (bare === value) continue
    values[name] = bare
    trimmed.push(name)
  }
  return { values, trimmed }
}

function broken(setup: Setup, values: JsonObject, checkUrl: AddressCheck | undefined): BrokenRule[] {
  const forbidden = checkUrl === undefined ? [] : forbiddenFields(setup, values, checkUrl)
  return [...brokenRules(setup, values), ...forbidden]
}

function throwFor(rules: readonly BrokenRule[]): void {
  const [first] = rules
  if (first === undefined) return
  throw invalid(first.reason, `setup.${first.field}`, first.allowed, partsOf(rules))
}

function partsOf(rules: readonly BrokenRule[]): ProblemPart[] {
  return rules.map(({ field, reason, code, allowed }) => ({
    path: `setup.${field}`,
    code: code ?? (reason.startsWith('Missing') ? 'missing' : 'format'),
    message: reason,
    ...(allowed === undefined ? {} : { allowed }),
  }))
}

/** What the body of a setup says as `type`: for a named service, that of the general setup. */
export function writtenType(setup: Setup): string {
  return setup.preset?.type ?? setup.type
}

/** JSON with sorted member names and no blanks: equal for equal setups, so that its digest tells a change. */
export function canonicalSetup(values: JsonObject): string {
  return JSON.stringify(sorted(values))
}

/** The setup's JSON Schema (2020-12) with titles and descriptions; secrets are `writeOnly`. */
export function setupJsonSchema(setup: Setup): JsonObject {
  const schema = z.toJSONSchema(setupSchema(setup), { metadata, io: 'input' })
  return schema as unknown as JsonObject
}

// Schemas are built on first use and kept: there are as many as setups in the catalogue, and no more.
const schemas = new WeakMap<Setup, z.ZodMiniType>()

/** The zod schema of a setup's members, without the rules over several fields. */
function setupSchema(setup: Setup): z.ZodMiniType {
  const known = schemas.get(setup)
  if (known !== undefined) return known
  const schema = buildSchema(setup)
  schemas.set(setup, schema)
  return schema
}

function buildSchema(setup: Setup): z.ZodMiniType {
  const typeSchema = z.literal(writtenType(setup))
  const shape: Record<string, z.ZodMiniType> = {
    type: setup.typeRequired ? typeSchema : z.optional(typeSchema),
  }
  for (const field of setup.fields) {
    const schema = fieldSchema(field)
    shape[field.name] = field.required ? schema : z.optional(schema)
  }
  const declared = new Set(Object.keys(shape))
  const schema = setup.additionalProperties
    ? z.catchall(z.object(shape), undeclaredValue()).check((payload) => {
        payload.issues.push(...undeclaredIssues(payload.value as JsonObject, declared))
      })
    : z.strictObject(shape)
  return schema.register(metadata, describeSetup(setup))
}

function undeclaredValue(): z.ZodMiniType {
  const text = z.string().check((payload) => {
    const bytes = Buffer.byteLength(payload.value, 'utf8')
    if (bytes > MAX_VALUE_BYTES || !payload.value.isWellFormed()) {
      const message = `String is too long (${bytes} bytes), maximum ${MAX_VALUE_BYTES}`
      payload.issues.push({ code: 'custom', message, input: payload.value })
    }
  })
  return z.union([text, z.number(), z.boolean()]).register(metadata, { writeOnly: true })
}

function undeclaredIssues(values: JsonObject, declared: ReadonlySet<string>) {
  const names = Object.keys(values).filter((name) => !declared.has(name))
  const issues = names
    .filter((name) => name.length > MAX_NAME_CHARS)
    .map((name) => ({
      message: `Property name is too long (${name.length} chars), maximum ${MAX_NAME_CHARS}`,
      path: [name],
    }))
  // A word of the vault's own, which no client of Auth0's means: it would look as if it were obeyed.
  if (names.includes(APPLICATION_FIELD.name)) {
    const message = `Additional properties not allowed: ${APPLICATION_FIELD.name}`
    issues.push({ message, path: [APPLICATION_FIELD.name] })
  }
  if (names.length > MAX_UNDECLARED_MEMBERS) {
    const message = `Too many undeclared properties (${names.length}), maximum ${MAX_UNDECLARED_MEMBERS}`
    issues.push({ message, path: [] })
  }
  return issues.map((issue) => ({ code: 'custom' as const, input: values, ...issue }))
}

/** The setup that a body means, by its `type` or `provider`. Throws `invalid-body`. */
export function pickSetup(connector: Connector, input: unknown): Setup {
  const members = objectOf(input)
  // Assigning this name would replace a prototype somewhere down the line, so it is refused for every setup.
  if (Object.hasOwn(members, '__proto__')) {
    throw invalid('Additional properties not allowed: __proto__', 'setup.__proto__', undefined)
  }
  const type = ownValue(members, 'type')
  const provider = ownValue(members, 'provider')
  if (provider !== undefined && hasPresets(connector))
    return pickPresetSetup(connector, members, { provider, type })
  const allowed = `one of ${connector.setups.map((setup) => setup.type).join(', ')}`
  if (type === undefined) {
    const [only, ...others] = connector.setups
    // What else is missing is told with it.
    if (only !== undefined && others.length === 0) return only
    const optional = connector.setups.filter((setup) => !setup.typeRequired)
    const candidates =
      optional.length > 1
        ? optional.filter((setup) => setupSchema(setup).safeParse(members).success)
        : optional
    if (candidates.length === 1 && candidates[0] !== undefined) return candidates[0]
    throw withoutType(connector.setups, members, allowed)
  }
  if (typeof type !== 'string') {
    throw invalid(`Expected type string but found type ${typeName(type)}`, 'setup.type', allowed)
  }
  const named = connector.setups.find((setup) => setup.type === type)
  if (named !== undefined) return named
  if (connector.setups.length > 1) {
    throw invalid("Data does not match any schemas from 'oneOf'", 'setup.type', allowed)
  }
  throw invalid(`No enum match for: ${shownName(type)}`, 'setup.type', allowed)
}

function allowedIn(setup: Setup, issue: $ZodIssue): string | undefined {
  const field = setup.fields.find((candidate) => candidate.name === issue.path[0])
  if (field !== undefined) return fieldAllows(field, issue)
  if (issue.path[0] === APPLICATION_FIELD.name && setup.grant?.kind === 'authorization-code')
    return 'naming it in POST …/authorize'
  return issue.code === 'invalid_union' ? 'text, a number, or true or false' : undefined
}

function sorted(value: JsonValue | undefined): JsonValue | undefined {
  if (Array.isArray(value)) return value.map((entry: JsonValue) => sorted(entry) ?? null)
  if (value === null || typeof value !== 'object') return value
  const members = Object.entries(value as JsonObject).filter(([, member]) => member !== undefined)
  members.sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]))
}

function invalid(
  reason: string,
  field: string,
  allowed: string | undefined,
  errors?: readonly ProblemPart[],
): VaultError {
  return new VaultError('invalid-body', reason, {
    field,
    ...(allowed !== undefined && { allowed }),
    ...(errors !== undefined && { errors }),
  })
}
