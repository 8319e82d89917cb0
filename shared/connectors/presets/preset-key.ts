import type { Field, RequestPart, Setup } from '../connector.ts'
import type { Preset, PresetKey } from './preset.ts'
import { commonParts } from './preset-template.ts'

type KeySetup = Pick<
  Setup,
  'fields' | 'rules' | 'request' | 'accountName' | 'credentialFields' | 'grant' | 'test' | 'example'
>

const OWN = '{base(base_url)}'

const BASE_URL: Field = {
  name: 'base_url',
  label: 'Base URL',
  help: 'In place of the address that the service has for all.',
  secret: false,
  required: false,
  format: 'https-url',
}

/**
 * What an API key of the service looks like, by the general setup it is a case of: a bearer token, a pair for Basic,
 * or one key in any other place. Undefined where the service's key is not of that kind.
 */
export function keySetup(general: Setup, preset: Preset): KeySetup | undefined {
  const { key } = preset
  if (key === undefined || general.presets !== kindOf(key)) return undefined
  const common = {
    fields: [...general.fields.filter(isAsked).map((field) => ownWords(field, key)), BASE_URL],
    ...(general.rules === undefined
      ? {}
      : { rules: general.rules.filter(({ kind }) => kind === 'no-colon') }),
    example: Object.fromEntries(
      general.fields.filter(isAsked).map(({ name }) => [name, general.example[name]!]),
    ),
  }
  if (general.presets !== 'api-key') {
    return {
      ...common,
      request: [...general.request, ...commonParts(preset, { own: OWN })],
      accountName: `${preset.label} {mask(${common.fields[0]!.name})}`,
      credentialFields: general.credentialFields,
    }
  }
  const base = key.in === 'path' ? key.baseUrl : preset.baseUrl
  return {
    ...common,
    request: [...keyParts(key), ...commonParts(preset, { base, own: OWN })],
    accountName: `${preset.label} {mask(value)}`,
    credentialFields: { value: '{value}' },
  }
}

function kindOf(key: PresetKey): NonNullable<Setup['presets']> {
  if (key.in === 'basic') return 'pair' in key ? 'api-key' : 'basic'
  const isBearer = key.in === 'header' && key.name === 'Authorization' && key.prefix === 'Bearer '
  return isBearer && key.with === undefined ? 'bearer' : 'api-key'
}

/** The place and name of a key are the preset's. */
function isAsked({ name }: Field): boolean {
  return name !== 'name' && name !== 'in'
}

/** A key of a known place has no limit of its own; what travels in a header must fit one. */
function ownWords(field: Field, key: PresetKey): Field {
  const { maxLength: _, ...rest } = field
  if (field.name === 'value') {
    return { ...rest, label: 'API key', ...(key.in === 'header' && { format: 'header-value' }) }
  }
  if (field.name === 'token') return { ...rest, label: 'API key' }
  if (key.in !== 'basic' || 'pair' in key) return rest
  return field.name === 'username'
    ? { ...rest, label: key.userLabel }
    : { ...rest, label: key.passwordLabel, required: true }
}

function keyParts(key: PresetKey): RequestPart[] {
  if (key.in === 'path') return []
  if (key.in === 'basic') {
    const pair = 'pair' in key ? key.pair : ''
    return [{ place: 'header', name: 'Authorization', value: pair, encode: 'basic' }]
  }
  const others = Object.entries(key.with ?? {})
  return [
    { place: key.in, name: key.name, value: `${key.prefix ?? ''}{value}` },
    ...others.map(([name, value]): RequestPart => ({ place: key.in, name, value })),
  ]
}
