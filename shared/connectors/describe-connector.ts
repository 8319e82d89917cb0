import type { JsonObject, JsonValue } from '../domain/json.ts'
import type { Connector, Field, Setup } from './connector.ts'
import { setupJsonSchema } from './setup-schema.ts'

export interface DescribedConnector {
  readonly app_id: string
  readonly label: string
  readonly about: string
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
  /** The scopes asked for when a person names none; absent for setups without scopes. */
  readonly default_scopes?: readonly string[]
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
}

/** The connector as the API serves it: everything a page needs to draw its forms, and no secret. */
export function describeConnector(connector: Connector): DescribedConnector {
  return {
    app_id: connector.appId,
    label: connector.label,
    about: connector.about,
    setups: connector.setups.map(describeOneSetup),
  }
}

function describeOneSetup(setup: Setup): DescribedSetup {
  const { grant } = setup
  const interactive = grant?.kind === 'authorization-code'
  return {
    type: setup.type,
    type_required: setup.typeRequired,
    label: setup.label,
    find_at: setup.findAt,
    fields: setup.fields.map(describeOneField),
    additional_properties: setup.additionalProperties,
    json_schema: setupJsonSchema(setup),
    renews: grant !== undefined && (grant.refresh.rotation !== 'no-refresh' || !interactive),
    authorization: interactive ? 'interactive' : 'none',
    ...(interactive && { oauth_client: grant.client.from }),
    ...(grant?.scopes.requested && { default_scopes: grant.scopes.default }),
    testable: setup.test !== undefined,
    example: publicExample(setup),
  }
}

function describeOneField(field: Field): DescribedField {
  return {
    name: field.name,
    label: field.label,
    ...(field.help !== undefined && { help: field.help }),
    secret: field.secret,
    required: field.required,
    format: field.format,
    ...(field.minLength !== undefined && { min_length: field.minLength }),
    ...(field.maxLength !== undefined && { max_length: field.maxLength }),
    ...(field.enum !== undefined && { enum: field.enum }),
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
