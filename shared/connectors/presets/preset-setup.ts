import type { Field, Setup } from '../connector.ts'
import { MAX_IDENTIFIER_CHARS } from '../setup-limits.ts'
import type { Preset, PresetInput } from './preset.ts'
import { grantSetup } from './preset-grant.ts'
import { keySetup } from './preset-key.ts'

/** Between the type of a general setup and the name of a service, in the type of the service's own setup. */
const SEPARATOR = ':'

/** The type of the setup that a service has in place of a general one: `AUTHORIZATION_CODE:github`. */
export function presetSetupType(type: string, provider: string): string {
  return type + SEPARATOR + provider
}

/** The two parts of such a type; undefined for the type of a general setup. */
export function partsOfPresetType(type: string): { type: string; provider: string } | undefined {
  const at = type.indexOf(SEPARATOR)
  return at < 0 ? undefined : { type: type.slice(0, at), provider: type.slice(at + 1) }
}

// Made on first use and kept: there are as many as services times general setups, and no more.
const made = new WeakMap<Setup, Map<string, Setup | undefined>>()

/**
 * The general setup as the named service has it: its addresses and places filled in, what else it needs as fields.
 * Undefined where the service has nothing of that kind.
 */
export function presetSetup(general: Setup, preset: Preset): Setup | undefined {
  let ofGeneral = made.get(general)
  if (ofGeneral === undefined) {
    ofGeneral = new Map()
    made.set(general, ofGeneral)
  }
  if (!ofGeneral.has(preset.id)) ofGeneral.set(preset.id, make(general, preset))
  return ofGeneral.get(preset.id)
}

function make(general: Setup, preset: Preset): Setup | undefined {
  if (general.presets === undefined) return undefined
  const particular = general.grant === undefined ? keySetup(general, preset) : grantSetup(general, preset)
  if (particular === undefined) return undefined
  const templates = JSON.stringify([particular.request, particular.grant ?? {}, particular.test?.url ?? ''])
  const needed = JSON.stringify([
    particular.grant?.authorizationUrl,
    particular.grant?.tokenUrl,
    particular.grant?.authorizationParameters,
    particular.grant?.tokenParameters,
    particular.request.filter(({ place }) => place === 'header' || place === 'query'),
  ])
  const inputs = Object.entries(preset.inputs ?? {}).filter(([name]) => templates.includes(`{${name}}`))
  const inputFields = inputs.map(([name, input]) => inputField(name, input, needed.includes(`{${name}}`)))
  const examples = inputs.map(([name, { example }]) => [name, example])
  return {
    ...general,
    ...particular,
    type: presetSetupType(general.type, preset.id),
    preset: { id: preset.id, type: general.type },
    typeRequired: false,
    fields: [providerField(preset), ...inputFields, ...particular.fields],
    findAt: preset.documentation,
    example: {
      type: general.type,
      provider: preset.id,
      ...Object.fromEntries(examples),
      ...particular.example,
    },
  }
}

function providerField(preset: Preset): Field {
  return {
    name: 'provider',
    label: 'Service',
    help: 'The service by its name.',
    secret: false,
    required: true,
    format: 'single-line',
    enum: [preset.id],
    optionLabels: { [preset.id]: preset.label },
  }
}

function inputField(name: string, input: PresetInput, isNeeded: boolean): Field {
  const { label, example, pattern, options, hosts } = input
  const help =
    input.default === undefined ? input.help : `${input.help ?? ''} ${input.default} when left out.`.trim()
  return {
    name,
    label,
    ...(help === undefined ? {} : { help }),
    secret: input.secret === true,
    required: isNeeded && input.default === undefined,
    format: input.format ?? 'single-line',
    maxLength: MAX_IDENTIFIER_CHARS,
    example,
    ...(pattern === undefined ? {} : { pattern }),
    ...(options === undefined ? {} : { enum: options }),
    ...(hosts === undefined ? {} : { hosts }),
    ...(input.format === 'hostname' && { called: true as const }),
  }
}
