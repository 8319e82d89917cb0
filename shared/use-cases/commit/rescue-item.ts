import { rescueKey, workShard } from '../../domain/keys.ts'
import type { Write } from '../../ports/item-store.ts'
import { RESCUE_ROWS, type Rescue } from '../../rows/rescue-row.ts'

/** The write that leaves a rescue item, to be looked at when `dueAtMs` comes. */
export function rescueWrite(rescue: Rescue, dueAtMs: number): Write {
  return {
    op: 'put',
    key: rescueKey(rescue.tenant, rescue.connectionId, rescue.op),
    attributes: { ...RESCUE_ROWS.encode(rescue), due_shard: workShard(rescue.connectionId), due_at: dueAtMs },
  }
}

/** The write that takes a rescue away; with `isThere`, only while nobody has settled it. */
export function rescueRemoval(
  rescue: Pick<Rescue, 'tenant' | 'connectionId' | 'op'>,
  { isThere = false }: { isThere?: boolean } = {},
): Write {
  const key = rescueKey(rescue.tenant, rescue.connectionId, rescue.op)
  return { op: 'delete', key, ...(isThere ? { when: [{ kind: 'item-present' }] } : {}) }
}
