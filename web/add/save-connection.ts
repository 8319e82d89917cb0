import type { Api } from '../api/api.ts'
import type { Connection, Setup } from '../api/types.ts'
import { endOfDay } from '../exact-time.ts'
import { tagOf } from '../parts/conflict.ts'
import type { BroughtGrant } from './grant-form.ts'

/** What is to be saved. */
export interface Draft {
  readonly appId: string
  readonly name: string
  /** A named service of the app. */
  readonly provider?: string | undefined
  /** The connection that is changed, as it was seen; a new one is made when absent. */
  readonly seen?: Connection | undefined
  readonly setup?: Setup | undefined
  readonly values: Readonly<Record<string, unknown>>
  /** True where the values are all of the setup, and none of a stored one is kept. */
  readonly isWhole: boolean
  /** What another system got from the provider. */
  readonly grant?: BroughtGrant | undefined
  /** The last day of what is typed, as a date field says it. */
  readonly endsOn?: string | undefined
  readonly verify: boolean
  /** The same for each repetition, so that two sends make one connection. */
  readonly key: string
}

function isTyped({ values, grant }: Draft): boolean {
  return Object.keys(values).length > 0 || grant !== undefined
}

/** True of a setup that has to be typed: of what was not, the server says under each field that it is needed. */
function isNeeded({ setup, seen }: Draft): boolean {
  return setup?.oauth_client !== 'oauth-application' && seen?.setup_type !== setup?.type
}

/** Creates the connection, or gives the one that is there what was typed. Throws `ApiError`. */
function saveConnection(api: Api, draft: Draft): Promise<Connection> {
  const query = `?view=full${draft.verify ? '&verify=true' : ''}`
  const { grant, seen } = draft
  const brought = grant === undefined ? {} : { grant }
  const hasSetup = draft.setup !== undefined && (isTyped(draft) || isNeeded(draft))
  const service = draft.provider === undefined ? {} : { provider: draft.provider }
  const setup = hasSetup ? { setup: { type: draft.setup!.type, ...service, ...draft.values } } : {}
  // The end of a credential that is there already may be all that was typed.
  const hasEnd = draft.endsOn && (hasSetup || seen !== undefined)
  const end = hasEnd ? { credential_expires_at: endOfDay(draft.endsOn) } : {}
  if (seen !== undefined) {
    const path = `/connections/${encodeURIComponent(seen.id)}${query}`
    // A part is changed where the kind stays: what is left empty keeps its stored value.
    const isSameKind = seen.setup_type === draft.setup?.type && seen.provider === draft.provider
    const isPart = isSameKind && hasSetup && !draft.isWhole
    const body = isPart ? { setup_changes: draft.values } : setup
    return api.ask('PATCH', path, {
      body: { ...body, ...end, ...brought },
      headers: { 'if-match': tagOf(seen) },
    })
  }
  return api.ask('POST', `/connections${query}`, {
    body: {
      name: draft.name,
      app_id: draft.appId,
      ...setup,
      ...end,
      ...brought,
    },
    headers: { 'idempotency-key': draft.key },
  })
}

/** Saves it; nothing is sent for a connection that only has to be authorized. Throws `ApiError`. */
export function saveDraft(api: Api, draft: Draft): Promise<Connection> {
  const { seen: stored, setup } = draft
  const isOnlyAuthorized = setup?.authorization === 'interactive' && !isTyped(draft) && !isNeeded(draft)
  if (stored !== undefined && isOnlyAuthorized) return Promise.resolve(stored)
  return saveConnection(api, draft)
}

/** The app's own name, with a number when it is taken, and the names that are. */
export async function freeName(
  api: Api,
  { appId, label }: { appId: string; label: string },
): Promise<{ taken: ReadonlySet<string>; free: string }> {
  const path = `/connections?app_id=${encodeURIComponent(appId)}&per_page=100`
  const found = await api.ask<Connection[]>('GET', path).catch(() => [])
  const taken = new Set(found.map(({ name }) => name.toLowerCase()))
  let free = label
  for (let number = 2; taken.has(free.toLowerCase()); number++) free = `${label} ${number}`
  return { taken, free }
}
