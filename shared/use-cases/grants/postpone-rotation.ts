import type { ConnectionRow } from '../../domain/connection.ts'
import { connectionKey, rotationShard } from '../../domain/keys.ts'
import { sameAs } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { tryTransact } from '../../ports/try-transact.ts'

/** The index members of a row that is due at that instant; none when undefined. */
export function dueMembers(
  id: string,
  dueAtMs: number | undefined,
): Pick<ConnectionRow, 'due_shard' | 'due_at'> {
  return dueAtMs === undefined
    ? { due_shard: undefined, due_at: undefined }
    : { due_shard: rotationShard(id), due_at: Math.floor(dueAtMs) }
}

/**
 * Moves the row in the due index, or out of it where no sweep needs to come back, unless it has moved meanwhile. Not a
 * change that people see. Answers the row as it is then.
 */
export async function postponeRow(
  ports: Ports,
  row: ConnectionRow,
  dueAtMs: number | undefined,
): Promise<ConnectionRow> {
  const members = dueMembers(row.id, dueAtMs)
  if (row.due_at === undefined || members.due_at === row.due_at) return row
  const isMoved = await tryTransact(ports.items, {
    op: 'update',
    key: connectionKey(row.tenant, row.id),
    set: { ...members },
    when: [sameAs('due_at', row.due_at)],
  })
  return isMoved ? { ...row, ...members } : row
}
