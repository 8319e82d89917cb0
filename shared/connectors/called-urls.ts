import type { JsonObject } from '../domain/json.ts'
import type { Setup } from './connector.ts'
import type { BrokenRule } from './cross-field-rules.ts'
import { ownValue } from './template.ts'

/** Says why the vault never calls an address; undefined for one that it may. No name is resolved for it. */
export type AddressCheck = (url: string) => { readonly message: string } | undefined

/** What may be called, in the words of a refused body. */
export const CALLED_ALLOWED =
  'a public host by https on port 443, or one that the operator has allowed in FLOW_VAULT_ALLOW_HOSTS'

/** The addresses of a setup that the vault itself calls, by the field that names each. */
export function calledUrls(setup: Setup, values: JsonObject): { name: string; url: string }[] {
  return setup.fields.flatMap(({ name, format, called }) => {
    const value = ownValue(values, name)
    if (called !== true || typeof value !== 'string') return []
    return [{ name, url: format === 'hostname' ? `https://${value}/` : value }]
  })
}

/**
 * The addresses of a setup that is minted which the vault will never call. One of a key's service is left to a test
 * call: flows may reach hosts that the vault does not.
 */
export function forbiddenFields(setup: Setup, values: JsonObject, check: AddressCheck): BrokenRule[] {
  if (setup.grant === undefined) return []
  return calledUrls(setup, values).flatMap(({ name, url }) => {
    const refusal = check(url)
    if (refusal === undefined) return []
    const reason = refusal.message.replace(/\.$/, '')
    return [{ field: name, reason, allowed: CALLED_ALLOWED, code: 'value' as const }]
  })
}
