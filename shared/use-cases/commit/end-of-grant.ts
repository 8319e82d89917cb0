import type { ConnectionRow } from '../../domain/connection.ts'
import type { Write } from '../../ports/item-store.ts'
import { rescueRemoval, rescueWrite } from './rescue-item.ts'
import { storedSetupOf } from './stored-setup.ts'

/**
 * The write that ends the grant of `row` at its provider once another is in its place, whatever becomes of this
 * process: it names the sealed tokens, and keeps the setup that they need. None where the row holds no grant.
 */
export function endOfGrant(
  row: ConnectionRow,
  { op, nowMs, dueAtMs }: { op: string; nowMs: number; dueAtMs: number },
): Write[] {
  const stored = storedSetupOf(row)
  if (stored?.grant === undefined || row.grants === undefined) return []
  const { id, grant, ...setup } = stored
  const rescue = {
    ...setup,
    of: 'revoke',
    op: nameOf(op),
    connectionId: id,
    grant,
    grants: row.grants,
    requiredScopes: row.requiredScopes ?? [],
    replaces: {},
    createdAtMs: nowMs,
  } as const
  return [rescueWrite(rescue, dueAtMs)]
}

/** The write that takes it away again, when the grant has been ended. */
export function endOfGrantRemoval({ tenant, id }: ConnectionRow, op: string): Write {
  return rescueRemoval({ tenant, connectionId: id, op: nameOf(op) })
}

/** A name of its own, beside that of the operation's new grant. */
function nameOf(op: string): string {
  return `${op}-revoke`
}
