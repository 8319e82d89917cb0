import type { Api } from '../api/api.ts'
import type { Connection, Setup } from '../api/types.ts'

/** What is to be saved. */
export interface Draft {
  readonly appId: string
  readonly name: string
  /** Of the connection that is changed; a new one is made when absent. */
  readonly id?: string | undefined
  readonly setup?: Setup | undefined
  readonly values: Readonly<Record<string, unknown>>
  readonly verify: boolean
  /** The same for each repetition, so that two sends make one connection. */
  readonly key: string
}

/** Creates the connection, or gives the one that is there what was typed. Throws `ApiError`. */
function saveConnection(api: Api, draft: Draft): Promise<Connection> {
  const query = `?view=full${draft.verify ? '&verify=true' : ''}`
  const hasSetup = draft.setup !== undefined && Object.keys(draft.values).length > 0
  const setup = hasSetup ? { setup: { type: draft.setup!.type, ...draft.values } } : {}
  if (draft.id !== undefined) {
    const path = `/connections/${encodeURIComponent(draft.id)}${query}`
    return api.ask('PATCH', path, { body: { name: draft.name, ...setup } })
  }
  return api.ask('POST', `/connections${query}`, {
    body: { name: draft.name, app_id: draft.appId, ...setup },
    headers: { 'idempotency-key': draft.key },
  })
}

/** Saves it; nothing is sent for a connection that only has to be authorized. Throws `ApiError`. */
export function saveDraft(api: Api, stored: Connection | undefined, draft: Draft): Promise<Connection> {
  const isOnlyAuthorized = stored !== undefined && Object.keys(draft.values).length === 0
  if (isOnlyAuthorized && draft.setup?.authorization === 'interactive') return Promise.resolve(stored)
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
