import type { ConnectionRow } from '../../domain/connection.ts'
import { connectionKey, rotationShard } from '../../domain/keys.ts'
import { connectionDueAtMs } from '../../domain/rotation-policy.ts'
import { sameAs } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { tryTransact } from '../../ports/try-transact.ts'

/** `until-fetched`: no sweep needs to come back · `by-expiry`: when the grants say · `at`: then. */
export type Postponement =
  | { readonly kind: 'until-fetched' }
  | { readonly kind: 'by-expiry' }
  | { readonly kind: 'at'; readonly atMs: number }

/** The index members of a row that is due at that instant; none when undefined. */
export function dueMembers(
  id: string,
  dueAtMs: number | undefined,
): Pick<ConnectionRow, 'due_shard' | 'due_at'> {
  return dueAtMs === undefined
    ? { due_shard: undefined, due_at: undefined }
    : { due_shard: rotationShard(id), due_at: Math.floor(dueAtMs) }
}

/** Moves the row in the due index, unless it has moved meanwhile. Not a change that people see. */
export async function postponeRow(
  ports: Ports,
  row: ConnectionRow,
  to: Postponement,
): Promise<ConnectionRow> {
  if (row.due_at === undefined) return row
  const dueAtMs =
    to.kind === 'until-fetched' ? undefined : to.kind === 'at' ? to.atMs : connectionDueAtMs(row)
  const members = dueMembers(row.id, dueAtMs)
  if (members.due_at === row.due_at) return row
  const isMoved = await tryTransact(ports.items, {
    op: 'update',
    key: connectionKey(row.tenant, row.id),
    set: { ...members },
    when: [sameAs('due_at', row.due_at)],
  })
  return isMoved ? { ...row, ...members } : row
}
