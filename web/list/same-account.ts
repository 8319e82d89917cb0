import { queryOf } from '../api/api.ts'
import type { Connection } from '../api/types.ts'
import type { Context } from '../page-context.ts'

/** Another connection of the same app, and the same person in the same team there; undefined where none is known. */
export async function findSameAccount(
  { api }: Context,
  { id, app_id: appId, account }: Connection,
): Promise<Connection | undefined> {
  const who = account?.email ?? account?.id
  if (who === undefined) return undefined
  const path = `/connections${queryOf({ app_id: appId, q: who.slice(0, 150), view: 'full', per_page: 20 })}`
  const found = await api.ask<Connection[]>('GET', path).catch(() => [])
  const isSame = (other: Connection['account']): boolean =>
    other?.email === account?.email && other?.id === account?.id && other?.team === account?.team
  return found.find((each) => each.id !== id && isSame(each.account))
}
