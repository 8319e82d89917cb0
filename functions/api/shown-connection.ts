import type { ConnectionRow } from '../../shared/domain/connection.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import type { ItemStore } from '../../shared/ports/item-store.ts'
import type { FreezeWatch } from '../../shared/use-cases/freezes/freeze-watch.ts'
import { countFlows } from '../../shared/use-cases/usage/flows.ts'
import { type ConnectionView, connectionView, fullConnectionView, type Showing } from './connection-view.ts'

interface ShowingPorts {
  readonly clock: Pick<Clock, 'nowMs'>
  readonly freezes: FreezeWatch
  readonly items: ItemStore
  readonly publicUrl: string
}

/** What is asked to be shown: Auth0's object, or ours with what stands beside the row. */
export interface ShownAs {
  readonly view: 'basic' | 'full' | undefined
  readonly answerTo: Showing['answerTo']
}

interface Found {
  readonly row: ConnectionRow
  readonly deletedAtMs?: number | undefined
}

/** The connection as a route answers it; of a deleted one, with when that was. */
export async function showConnection(
  ports: ShowingPorts,
  row: ConnectionRow,
  { deletedAtMs, ...shown }: ShownAs & { readonly deletedAtMs?: number | undefined },
): Promise<ConnectionView> {
  const [view] = await showAll(ports, [{ row, deletedAtMs }], shown)
  return view!
}

/** A page of them. */
export function showConnections(
  ports: ShowingPorts,
  found: readonly Found[],
  view: ShownAs['view'],
): Promise<ConnectionView[]> {
  return showAll(ports, found, { view, answerTo: 'read' })
}

/** Those of one tenant, with one look at what stands beside all of them. */
async function showAll(
  ports: ShowingPorts,
  found: readonly Found[],
  { view, answerTo }: ShownAs,
): Promise<ConnectionView[]> {
  const tenant = found[0]?.row.tenant
  const showing = { answerTo, nowMs: ports.clock.nowMs() }
  if (view !== 'full' || tenant === undefined) return found.map(({ row }) => connectionView(row, showing))
  const flows = await countFlows(ports, { tenant, connectionIds: found.map(({ row }) => row.id) })
  return Promise.all(
    found.map(async ({ row, deletedAtMs }) => {
      const freeze = await ports.freezes.find(row.tenant, row)
      const beside = { freeze, usedByCount: flows.get(row.id) ?? 0, deletedAtMs }
      return fullConnectionView(row, showing, { ...beside, publicUrl: ports.publicUrl })
    }),
  )
}
