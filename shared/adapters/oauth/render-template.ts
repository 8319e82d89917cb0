import type { Template } from '../../domain/grant-profile.ts'
import type { JsonObject } from '../../domain/json.ts'

/**
 * Fills in a template of the grant profile; undefined when a value is missing. Adapters do not know connectors, so
 * the one who wires them passes `renderTemplate` in.
 */
export type RenderTemplate = (
  template: Template,
  values: JsonObject,
  grants?: Readonly<Record<string, RenderedGrant>>,
) => string | undefined

/** What a template may say of a grant: `{grant.access_token}`, `{grant.extra.<name>}`. */
export interface RenderedGrant {
  readonly access_token?: string
  readonly extra?: Readonly<Record<string, string>>
}
