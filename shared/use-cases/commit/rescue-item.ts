import type { ConnectionRow } from '../../domain/connection.ts'
import { rescueKey, rescuesOf, workShard } from '../../domain/keys.ts'
import type { StoredSetup } from '../../ports/grant-runner.ts'
import type { Write } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { RESCUE_ROWS, type Rescue } from '../../rows/rescue-row.ts'
import { storedSetupOf } from './stored-setup.ts'

/** A rescue of a grant for the row, minted with the row's setup for its client. */
export function rescueFor(
  row: ConnectionRow,
  minted: Omit<Rescue, keyof StoredSetup> & Pick<Rescue, 'grant'>,
): Rescue {
  const { setupType = '', setupDigest = '' } = row
  return { ...storedSetupOf({ ...row, setupType, setupDigest })!, ...minted }
}

/** A connection has a rescue or two at a time; a page of them is all there ever are. */
const MAX_RESCUES = 100

/** What waits beside the row of a connection, whether that is there or deleted. */
export async function rescuesBeside(
  ports: Pick<Ports, 'items'>,
  { tenant, id }: Pick<ConnectionRow, 'tenant' | 'id'>,
): Promise<Rescue[]> {
  const { items } = await ports.items.query({ ...rescuesOf(tenant, id), limit: MAX_RESCUES })
  return items.map(({ attributes }) => RESCUE_ROWS.decode(attributes))
}

/** The marks by which grants are recognized, by name: of all of a row, or of those named. */
export function marksOf(
  grants: ConnectionRow['grants'] = {},
  names: readonly string[] = Object.keys(grants),
): Rescue['replaces'] {
  return Object.fromEntries(
    Object.entries(grants).flatMap(([name, { mark }]) => (names.includes(name) ? [[name, mark]] : [])),
  )
}

/** The write that leaves a rescue item, to be looked at when `dueAtMs` comes. */
export function rescueWrite(rescue: Rescue, dueAtMs: number): Write {
  return {
    op: 'put',
    key: rescueKey(rescue.tenant, rescue.id, rescue.op),
    attributes: { ...RESCUE_ROWS.encode(rescue), due_shard: workShard(rescue.id), due_at: dueAtMs },
  }
}

/** The write that takes a rescue away; with `isThere`, only while nobody has settled it. */
export function rescueRemoval(
  rescue: Pick<Rescue, 'tenant' | 'id' | 'op'>,
  { isThere = false }: { isThere?: boolean } = {},
): Write {
  const key = rescueKey(rescue.tenant, rescue.id, rescue.op)
  return { op: 'delete', key, ...(isThere ? { when: [{ kind: 'item-present' }] } : {}) }
}

/**
 * The write that ends the grant of `row` at its provider once another is in its place, whatever becomes of this
 * process: it names the sealed tokens, and keeps the setup that they need. None where the row holds no grant.
 */
export function endOfGrant(
  row: ConnectionRow,
  { op, nowMs, dueAtMs }: { op: string; nowMs: number; dueAtMs: number },
): Write[] {
  const { grant, grants, requiredScopes = [] } = row
  if (grant === undefined || grants === undefined) return []
  const ended = { of: 'revoke', op: nameOf(op), grant, grants, requiredScopes, replaces: {} } as const
  return [rescueWrite(rescueFor(row, { ...ended, createdAtMs: nowMs }), dueAtMs)]
}

/** The write that takes it away again, when the grant has been ended. */
export function endOfGrantRemoval({ tenant, id }: ConnectionRow, op: string): Write {
  return rescueRemoval({ tenant, id, op: nameOf(op) })
}

/** A name of its own, beside that of the operation's new grant. */
function nameOf(op: string): string {
  return `${op}-revoke`
}
