import type { Template } from '../../domain/grant-profile.ts'
import type { RequestPart } from '../connector.ts'
import { baseUrl } from '../shared-fields.ts'
import type { Preset } from './preset.ts'

/**
 * The template with a further alternative for each input that may be left out, its default written out: so the
 * address that most people mean is one that the catalogue itself names.
 */
export function withDefaults(template: Template, preset: Preset): Template {
  const alternatives = [template].flat()
  for (const [name, input] of Object.entries(preset.inputs ?? {})) {
    if (input.default === undefined) continue
    const placeholder = `{${name}}`
    const text = input.default
    const filled = alternatives.filter((each) => each.includes(placeholder))
    alternatives.push(...filled.map((each) => each.replaceAll(placeholder, text)))
  }
  return alternatives.length === 1 ? alternatives[0]! : alternatives
}

/** The templates of several parameters, each with its defaults. */
export function parametersWithDefaults(
  parameters: Readonly<Record<string, string>> | undefined,
  preset: Preset,
): Readonly<Record<string, Template>> {
  const entries = Object.entries(parameters ?? {})
  return Object.fromEntries(entries.map(([name, template]) => [name, withDefaults(template, preset)]))
}

/** Where the API lives, and what each call needs beside the credential; a person's `own` base URL wins. */
export function commonParts(
  preset: Preset,
  { base = preset.baseUrl, own }: { readonly base?: Template | undefined; readonly own: Template },
): RequestPart[] {
  const headers = Object.entries(preset.headers ?? {})
  return [
    ...headers.map(([name, value]): RequestPart => ({ place: 'header', name, value })),
    ...(base === undefined ? [] : [baseUrl(withDefaults(base, preset), preset.baseUrlHosts)]),
    baseUrl(own),
  ]
}
