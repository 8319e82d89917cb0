import type { Api } from './api/api.ts'
import type { Identity } from './api/types.ts'

/** What every part of the page and the picker works with. */
export interface Context {
  readonly api: Api
  readonly identity: Identity
  /** True while the vault is out of reach: nothing can be saved. */
  readonly isOffline?: boolean
  /** Says a sentence to those who hear the page, politely. */
  say(sentence: string): void
}

/** True when the caller's scopes allow it; what they forbid is shown, and says which scope it needs. */
export function can({ identity }: Context, scope: string): boolean {
  return identity.scopes.includes(scope)
}

/** True when no permit forbids making a connection in the app. */
export function mayAddIn({ identity }: Context, appId: string): boolean {
  return identity.permitted_apps?.includes(appId) ?? true
}
