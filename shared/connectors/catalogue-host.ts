import type { Template } from '../domain/grant-profile.ts'
import type { JsonObject } from '../domain/json.ts'
import { renderTemplate } from './template.ts'

/** An alternative whose host is written out, a condition before it or not. */
const WRITTEN_OUT = /^(?:\{when\([^{}]*\)\})?(https:\/\/[^{}/]+)(?:\/|$)/

/** The host that a URL template leads to for a setup, and whether the connector itself names it. */
export function calledHost(
  template: Template,
  setup: JsonObject,
): { name: string; isOfCatalogue: boolean } | undefined {
  const known = catalogueHost(template, setup)
  const name = known ?? URL.parse(renderTemplate(template, setup) ?? '')?.host
  return name === undefined ? undefined : { name, isOfCatalogue: known !== undefined }
}

/**
 * The host that a URL template leads to for a setup, when the connector itself names it; undefined where the setup
 * does, for what a setup says of a host is one tenant's word.
 */
export function catalogueHost(template: Template, setup: JsonObject): string | undefined {
  const url = renderTemplate(template, setup)
  if (url === undefined) return undefined
  const alternatives = typeof template === 'string' ? [template] : template
  const origins = alternatives.map((text) => WRITTEN_OUT.exec(text)?.[1])
  const origin = origins.find((text) => text !== undefined && (url === text || url.startsWith(`${text}/`)))
  return origin === undefined ? undefined : new URL(origin).host
}
