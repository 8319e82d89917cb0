import type { ConnectionRow } from '../../domain/connection.ts'
import type { Write } from '../../ports/item-store.ts'
import { rescueFor, rescueRemoval, rescueWrite } from './rescue-item.ts'

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
  return rescueRemoval({ tenant, connectionId: id, op: nameOf(op) })
}

/** A name of its own, beside that of the operation's new grant. */
function nameOf(op: string): string {
  return `${op}-revoke`
}
