import type { JsonObject } from '../domain/json.ts'
import type { Setup } from './connector.ts'
import { ownValue } from './template.ts'

/** The fields that may be left out of the setup but without which its grant cannot be minted; empty if none is. */
export function missingGrantFields(setup: Setup, values: JsonObject): readonly string[] {
  return (setup.grant?.requires ?? []).filter((name) => ownValue(values, name) === undefined)
}
