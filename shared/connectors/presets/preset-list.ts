import type { Category } from '../categories.ts'
import ai from './ai.json' with { type: 'json' }
import commerce from './commerce.json' with { type: 'json' }
import communication from './communication.json' with { type: 'json' }
import crm from './crm.json' with { type: 'json' }
import data from './data.json' with { type: 'json' }
import design from './design.json' with { type: 'json' }
import developerTools from './developer-tools.json' with { type: 'json' }
import finance from './finance.json' with { type: 'json' }
import hr from './hr.json' with { type: 'json' }
import identity from './identity.json' with { type: 'json' }
import marketing from './marketing.json' with { type: 'json' }
import type { Preset } from './preset.ts'
import productivity from './productivity.json' with { type: 'json' }
import scheduling from './scheduling.json' with { type: 'json' }
import social from './social.json' with { type: 'json' }
import storage from './storage.json' with { type: 'json' }
import support from './support.json' with { type: 'json' }

/** The entries of each category, as its file has them; a test holds them to the type. */
const FILES: readonly (readonly [Category, readonly object[]])[] = [
  ['ai', ai],
  ['commerce', commerce],
  ['communication', communication],
  ['crm', crm],
  ['data', data],
  ['design', design],
  ['developer-tools', developerTools],
  ['finance', finance],
  ['hr', hr],
  ['identity', identity],
  ['marketing', marketing],
  ['productivity', productivity],
  ['scheduling', scheduling],
  ['social', social],
  ['storage', storage],
  ['support', support],
]

/**
 * The bundles of functions name a file beside them here (`bundle-function.ts`) that holds every entry in order, and
 * the files above fall out of them: a start neither reads nor compiles what hardly any request asks for.
 */
declare const FLOW_VAULT_PRESETS_FILE: string

let every: readonly Preset[] | undefined
let byId: ReadonlyMap<string, Preset> | undefined

/** Every named service, in the order of the labels. */
export function allPresets(): readonly Preset[] {
  every ??= typeof FLOW_VAULT_PRESETS_FILE === 'string' ? module.require(FLOW_VAULT_PRESETS_FILE) : inOrder()
  return every!
}

function inOrder(): Preset[] {
  const presets = FILES.flatMap(([category, entries]) =>
    entries.map((entry) => ({ ...entry, category }) as Preset),
  )
  return presets.sort((a, b) => a.label.localeCompare(b.label, 'en'))
}

/** The service of that name, or undefined. */
export function findPreset(id: string): Preset | undefined {
  byId ??= new Map(allPresets().map((preset) => [preset.id, preset]))
  return byId.get(id)
}
