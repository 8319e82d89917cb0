import type { ConnectionRow } from '../../shared/domain/connection.ts'
import type { FreezeWatch } from '../../shared/use-cases/freezes/freeze-watch.ts'
import { type ConnectionView, connectionView, fullConnectionView } from './connection-view.ts'

/** What is asked to be shown: Auth0's object, or ours with what stands beside the row. */
export interface ShownAs {
  readonly view: 'basic' | 'full' | undefined
  /** `write` gives `refreshed_at: null` where a read leaves it out, as Auth0 does. */
  readonly answerTo: 'read' | 'write'
}

/** The connection as a route answers it. */
export async function showConnection(
  { freezes, publicUrl }: { readonly freezes: FreezeWatch; readonly publicUrl: string },
  row: ConnectionRow,
  { view, answerTo }: ShownAs,
): Promise<ConnectionView> {
  if (view !== 'full') return connectionView(row, answerTo)
  return fullConnectionView(row, answerTo, { freeze: await freezes.find(row.tenant, row), publicUrl })
}

/** A page of them; of deleted ones, with when that was. */
export async function showConnections(
  { freezes, publicUrl }: { readonly freezes: FreezeWatch; readonly publicUrl: string },
  found: readonly { readonly row: ConnectionRow; readonly deletedAtMs?: number }[],
  view: ShownAs['view'],
): Promise<ConnectionView[]> {
  if (view !== 'full') return found.map(({ row }) => connectionView(row, 'read'))
  return Promise.all(
    found.map(async ({ row, deletedAtMs }) =>
      fullConnectionView(row, 'read', {
        freeze: await freezes.find(row.tenant, row),
        deletedAtMs,
        publicUrl,
      }),
    ),
  )
}
