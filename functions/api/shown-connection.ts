import type { ConnectionRow } from '../../shared/domain/connection.ts'
import type { ItemStore } from '../../shared/ports/item-store.ts'
import type { FreezeWatch } from '../../shared/use-cases/freezes/freeze-watch.ts'
import { countFlows } from '../../shared/use-cases/usage/flows.ts'
import { type ConnectionView, connectionView, fullConnectionView } from './connection-view.ts'

interface ShowingPorts {
  readonly freezes: FreezeWatch
  readonly items: ItemStore
  readonly publicUrl: string
}

/** What is asked to be shown: Auth0's object, or ours with what stands beside the row. */
export interface ShownAs {
  readonly view: 'basic' | 'full' | undefined
  /** `write` gives `refreshed_at: null` where a read leaves it out, as Auth0 does. */
  readonly answerTo: 'read' | 'write'
}

/** The connection as a route answers it; of a deleted one, with when that was. */
export async function showConnection(
  ports: ShowingPorts,
  row: ConnectionRow,
  { view, answerTo, deletedAtMs }: ShownAs & { readonly deletedAtMs?: number | undefined },
): Promise<ConnectionView> {
  if (view !== 'full') return connectionView(row, answerTo)
  const [freeze, usedByCount] = await Promise.all([
    ports.freezes.find(row.tenant, row),
    countFlows(ports, { tenant: row.tenant, connectionId: row.id }),
  ])
  return fullConnectionView(row, answerTo, { freeze, usedByCount, deletedAtMs, publicUrl: ports.publicUrl })
}

/** A page of them. */
export function showConnections(
  ports: ShowingPorts,
  found: readonly { readonly row: ConnectionRow; readonly deletedAtMs?: number }[],
  view: ShownAs['view'],
): Promise<ConnectionView[]> {
  return Promise.all(
    found.map(({ row, deletedAtMs }) => showConnection(ports, row, { view, answerTo: 'read', deletedAtMs })),
  )
}
