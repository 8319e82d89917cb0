import { defined } from '../../domain/defined.ts'
import { VaultError, withErrors } from '../../domain/errors.ts'
import type { JsonObject, JsonValue } from '../../domain/json.ts'
import { shownName, typeName } from '../../domain/schema-issue.ts'
import type { Connector, Setup } from '../connector.ts'
import { fieldAllows } from '../field-schema.ts'
import { ownValue } from '../template.ts'
import type { Preset } from './preset.ts'
import { allPresets, findPreset } from './preset-list.ts'
import { presetSetup } from './preset-setup.ts'

/** How many names are offered for one that is not known. */
const OFFERED = 5
/** A name of which fewer characters agree at its beginning is not offered. */
const MIN_AGREEING_CHARS = 3

/** Whether the app has named services. */
export function hasPresets(connector: Connector): boolean {
  return connector.setups.some(({ presets }) => presets !== undefined)
}

/** The setups that the app has for the service, in the app's order. */
export function presetSetups(connector: Connector, preset: Preset): readonly Setup[] {
  return connector.setups
    .map((general) => presetSetup(general, preset))
    .filter((setup) => setup !== undefined)
}

/** The services that the app has a setup for, in the order of their labels. */
export function presetsOf(connector: Connector): readonly Preset[] {
  return allPresets().filter((preset) => presetSetups(connector, preset).length > 0)
}

/**
 * The setup that a body's `provider` and `type` name; the type may be left out where the service has one way only.
 * Throws `VaultError('invalid-body')` that names what is close to an unknown service.
 */
export function pickPresetSetup(
  connector: Connector,
  members: JsonObject,
  { provider, type }: { readonly provider: JsonValue; readonly type: JsonValue | undefined },
): Setup {
  if (typeof provider !== 'string') {
    throw invalid(`Expected type string but found type ${typeName(provider)}`, 'setup.provider')
  }
  const preset = findPreset(provider)
  if (preset === undefined) {
    throw invalid(`No enum match for: ${shownName(provider)}`, 'setup.provider', offer(connector, provider))
  }
  const setups = presetSetups(connector, preset)
  if (setups.length === 0) {
    const other =
      preset.oauth === undefined ? 'an API key, so use the app HTTP' : 'OAuth, so use the app OAUTH2'
    throw invalid(
      `${preset.label} is no service of ${connector.appId}`,
      'setup.provider',
      `${preset.label} takes ${other}`,
    )
  }
  const allowed = `one of ${setups.map(({ preset: own }) => own?.type).join(', ')}`
  const named = type === undefined && setups.length === 1 ? setups[0] : undefined
  const setup = named ?? setups.find(({ preset: own }) => own?.type === type)
  if (setup !== undefined) return setup
  if (type === undefined) throw withoutType(setups, members, allowed)
  if (typeof type !== 'string') {
    throw invalid(`Expected type string but found type ${typeName(type)}`, 'setup.type', allowed)
  }
  throw invalid(`No enum match for: ${shownName(type)}`, 'setup.type', allowed)
}

/** A setup without a type, of several that it could be: what all of them want is missing as well. */
export function withoutType(setups: readonly Setup[], members: JsonObject, allowed: string): VaultError {
  const [first, ...others] = setups
  const wanted = (first?.fields ?? []).filter(
    ({ name, required }) =>
      required &&
      ownValue(members, name) === undefined &&
      others.every(({ fields }) => fields.some((field) => field.name === name && field.required)),
  )
  const more = wanted.map((field) => ({
    path: `setup.${field.name}`,
    code: 'missing' as const,
    message: `Missing required property: ${field.name}`,
    ...defined({ allowed: fieldAllows(field, { code: 'invalid_type' }) }),
  }))
  return withErrors(invalid('Missing required property: type', 'setup.type', allowed), more)
}

/** Names that begin as the unknown one does, or hold it; else where all of them are listed. */
function offer(connector: Connector, provider: string): string {
  const text = provider.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  const close = presetsOf(connector)
    .map(({ id, label }) => ({ id, agreeing: agreement(text, id, label) }))
    .filter(({ agreeing }) => agreeing >= MIN_AGREEING_CHARS)
    .sort((a, b) => b.agreeing - a.agreeing)
    .slice(0, OFFERED)
    .map(({ id }) => id)
  const list = `GET /api/v2/flows/vault/connectors/${connector.appId}/presets lists them`
  return close.length === 0 ? list : `${close.join(', ')}; ${list}`
}

function agreement(text: string, id: string, label: string): number {
  const names = [id, label.toLowerCase()].map((name) => name.replaceAll(/[^a-z0-9]/g, ''))
  return Math.max(...names.map((name) => (name.includes(text) ? text.length : commonPrefix(name, text))))
}

function commonPrefix(a: string, b: string): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length += 1
  return length
}

function invalid(reason: string, field: string, allowed?: string): VaultError {
  return new VaultError('invalid-body', reason, { field, ...(allowed !== undefined && { allowed }) })
}
