import { tombstoneKey, workShard } from '../../domain/keys.ts'
import type { Condition, Write } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { TOMBSTONE_ROWS, type Tombstone } from '../../rows/tombstone-row.ts'

/** Design: a deleted connection can be restored for 7 days, which is Secrets Manager's shortest recovery window. */
export const RESTORABLE_MS = 7 * 24 * 3600 * 1000
/** After this long a delete that has not finished is finished by reconcile. */
export const DELETE_DEADLINE_MS = 60_000

/** The write that puts a tombstone in the place of a row. */
export function putTombstone(tombstone: Tombstone, dueAtMs: number, when: readonly Condition[] = []): Write {
  const { row } = tombstone
  return {
    op: 'put',
    key: tombstoneKey(row.tenant, row.id),
    attributes: {
      ...TOMBSTONE_ROWS.encode(tombstone),
      due_shard: workShard(row.id),
      due_at: dueAtMs,
    },
    when,
  }
}

/** The tombstone, or undefined. */
export async function findTombstone(
  ports: Pick<Ports, 'items'>,
  tenant: string,
  id: string,
): Promise<Tombstone | undefined> {
  return TOMBSTONE_ROWS.find(await ports.items.get(tombstoneKey(tenant, id)))
}

/** That nobody has moved it on, or taken it away, since it was read. */
export function unchangedTombstone({ op, state }: Tombstone): Condition[] {
  return [
    { kind: 'equals', attribute: 'op', value: op },
    { kind: 'equals', attribute: 'state', value: state },
  ]
}
