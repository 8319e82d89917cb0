import type { ConnectionRow } from '../../shared/domain/connection.ts'
import type { ItemStore } from '../../shared/ports/item-store.ts'
import { eventWrite } from '../../shared/use-cases/commit/connection-rows.ts'

/** One event of a connection as a commit writes it, without the row that would be beside it. */
export function commitEvent(
  items: Pick<ItemStore, 'transact'>,
  event: {
    tenant?: string
    connection: string
    sequence: number
    nowMs: number
    type?: 'connection.updated' | 'connection.deleted'
  },
): Promise<void> {
  const { tenant = 'acme', connection, sequence, nowMs, type = 'connection.updated' } = event
  const row = {
    tenant,
    id: connection,
    appId: 'HTTP',
    version: sequence,
    credentialVersion: 1,
    sequence,
  } as ConnectionRow
  const id = `${connection}-${sequence}`
  return items.transact([eventWrite(row, { type, changed: ['name'], nowMs, id })])
}
