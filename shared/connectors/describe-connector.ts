import type { JsonObject, JsonValue } from '../domain/json.ts'
import { CATEGORIES } from './categories.ts'
import type { Connector, CrossFieldRule, Field, Setup } from './connector.ts'
import { presetsOf } from './presets/pick-preset-setup.ts'
import { setupJsonSchema, writtenType } from './setup-schema.ts'
import { isShareable, sharedSetup } from './shared-setup.ts'

export interface DescribedConnector {
  readonly app_id: string
  readonly label: string
  readonly about: string
  readonly category: string
  readonly category_label: string
  /** How many services have a name here; left out where none has. They are listed under `presets`. */
  readonly presets?: number
  readonly setups: readonly DescribedSetup[]
}

export interface DescribedSetup {
  readonly type: string
  readonly type_required: boolean
  readonly label: string
  /** Where a person finds the credential. */
  readonly find_at: string
  readonly fields: readonly DescribedField[]
  /** True where other members are accepted and kept, as secrets. */
  readonly additional_properties: boolean
  readonly json_schema: JsonObject
  /** True when the vault mints and renews what flows get. */
  readonly renews: boolean
  /**
   * `none`: ready once accepted · `interactive`: a person has to allow access in a browser, unless the setup holds
   * a code.
   */
  readonly authorization: 'none' | 'interactive'
  /** Whose OAuth application asks: the setup's own, or one the operator registered; absent where nobody asks. */
  readonly oauth_client?: 'setup' | 'oauth-application'
  /** The fields that are left where the setup names an OAuth application that holds the rest. */
  readonly fields_with_application?: readonly DescribedField[]
  /** The scopes asked for when a person names none; absent for setups without scopes. */
  readonly default_scopes?: readonly string[]
  /** The scopes a person may choose from, in words; `default` are those of `default_scopes`. */
  readonly scopes?: readonly DescribedScope[]
  /** A JSON file whose members fill several fields: which member fills which field. */
  readonly fill_from?: {
    readonly label: string
    readonly format: string
    readonly members: Readonly<Record<string, string>>
  }
  /** True when there is a harmless call that proves the credential works. */
  readonly testable: boolean
  /** A valid setup with made-up values, its secrets replaced by their names. */
  readonly example: JsonObject
}

export interface DescribedField {
  readonly name: string
  readonly label: string
  readonly help?: string
  readonly secret: boolean
  readonly required: boolean
  readonly format: string
  readonly min_length?: number
  readonly max_length?: number
  readonly enum?: readonly string[]
  readonly pattern?: string
  /** The values of `enum`, in words. */
  readonly options?: readonly { readonly value: string; readonly label: string }[]
  /** For those without a browser: a form leaves it out. */
  readonly headless?: true
  /** Of use only when that field has one of the values. */
  readonly shown_when?: FieldCondition
  /** Required when that field has one of the values. */
  readonly required_when?: FieldCondition
  readonly multiline?: true
  /** Made up; never for a secret. */
  readonly example?: string
}

/** One field's say over another. */
export interface FieldCondition {
  readonly field: string
  readonly values: readonly string[]
}

/** One permission, in words. */
export interface DescribedScope {
  readonly value: string
  readonly label: string
  readonly help?: string
  readonly default: boolean
}

/** The connector as the API serves it: everything a page needs to draw its forms, and no secret. */
export function describeConnector(connector: Connector): DescribedConnector {
  const presets = presetsOf(connector).length
  return {
    app_id: connector.appId,
    label: connector.label,
    about: connector.about,
    category: connector.category,
    category_label: CATEGORIES[connector.category],
    ...(presets > 0 && { presets }),
    setups: connector.setups.map(describeSetup),
  }
}

/** One setup of an app, or of a named service, as the API serves it. */
export function describeSetup(setup: Setup): DescribedSetup {
  const { grant } = setup
  const interactive = grant?.kind === 'authorization-code'
  return {
    type: writtenType(setup),
    type_required: setup.typeRequired,
    label: setup.label,
    find_at: setup.findAt,
    fields: setup.fields.map((field) => describeField(field, setup)),
    additional_properties: setup.additionalProperties,
    json_schema: setupJsonSchema(setup),
    renews: grant !== undefined && (grant.refresh.rotation !== 'no-refresh' || !interactive),
    authorization: interactive ? 'interactive' : 'none',
    ...(interactive && { oauth_client: grant.client.from }),
    ...(isShareable(setup) && {
      fields_with_application: sharedSetup(setup, []).fields.map((field) => describeField(field, setup)),
    }),
    ...(grant?.scopes.requested && { default_scopes: grant.scopes.default }),
    ...describeScopes(setup),
    ...(setup.fillFrom !== undefined && { fill_from: setup.fillFrom }),
    testable: setup.test !== undefined,
    example: publicExample(setup),
  }
}

function describeScopes({ grant, scopeChoices = [] }: Setup): Pick<DescribedSetup, 'scopes'> {
  if (grant?.scopes.requested !== true) return {}
  const usual = new Set(grant.scopes.default)
  const known = new Set(scopeChoices.map(({ value }) => value))
  const others = grant.scopes.default.filter((value) => !known.has(value))
  const choices = [...scopeChoices, ...others.map((value) => ({ value, label: value }))]
  return { scopes: choices.map((choice) => ({ ...choice, default: usual.has(choice.value) })) }
}

type NeededRule = Exclude<CrossFieldRule, { kind: 'no-colon' }>

function isNeeded(rule: CrossFieldRule): rule is NeededRule {
  return rule.kind === 'required-when' || (rule.kind === 'needed-when' && rule.unless === undefined)
}

function describeField(field: Field, setup: Setup): DescribedField {
  const required = setup.rules?.filter(isNeeded).find((rule) => rule.field === field.name)
  const shown = setup.example[field.name] ?? field.example
  return {
    name: field.name,
    label: field.label,
    ...(field.help !== undefined && { help: field.help }),
    secret: field.secret,
    required: field.required,
    format: field.format,
    ...(field.minLength !== undefined && { min_length: field.minLength }),
    ...(field.maxLength !== undefined && { max_length: field.maxLength }),
    ...(field.pattern !== undefined && { pattern: field.pattern }),
    ...(field.enum !== undefined && {
      enum: field.enum,
      options: field.enum.map((value) => ({ value, label: field.optionLabels?.[value] ?? value })),
    }),
    ...(field.headless === true && { headless: true as const }),
    ...(field.shownWhen !== undefined && { shown_when: field.shownWhen }),
    ...(required !== undefined && {
      required_when: { field: required.other, values: required.values },
    }),
    ...(field.format.startsWith('pem-') && { multiline: true as const }),
    ...(!field.secret && typeof shown === 'string' && { example: shown }),
  }
}

/** Examples are made up, but a page shows them: what stands for a secret should look like a blank to fill in. */
function publicExample(setup: Setup): JsonObject {
  const secret = new Set(setup.fields.filter((field) => field.secret).map((field) => field.name))
  const entries = Object.entries(setup.example).map(([name, value]): [string, JsonValue] => [
    name,
    secret.has(name) ? blankOut(name, value) : value,
  ])
  return Object.fromEntries(entries)
}

function blankOut(name: string, value: JsonValue): JsonValue {
  if (!Array.isArray(value)) return `<${name}>`
  return value.map((entry: JsonObject) => ({
    ...entry,
    ...(entry['secret'] !== false && { value: '<value>' }),
  }))
}
