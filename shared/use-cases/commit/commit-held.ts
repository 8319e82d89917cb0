import type { ConnectionRow } from '../../domain/connection.ts'
import { ConditionFailedError } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { type HeldChange, tryChange } from './change-connection.ts'
import { findConnection } from './connection-rows.ts'

/** Renames and other visible changes may come in between; more in a row than this is no accident. */
const MAX_TRIES = 8

/**
 * Commits on behalf of the holder of `held.fence`, on the condition that fence, attempt and grant are still those
 * it saw; a rename in between is read and kept. Undefined when the attempt or the pointer was lost:
 * nothing was written then.
 */
export async function commitHeld(
  ports: Ports,
  held: ConnectionRow,
  decide: (current: ConnectionRow) => HeldChange,
): Promise<ConnectionRow | undefined> {
  let row: ConnectionRow | undefined = held
  try {
    for (let tries = 0; tries < MAX_TRIES && row !== undefined && isHeld(row, held); tries++) {
      const committed = await tryChange(ports, row, decide(row), { isHeld: true })
      if (committed !== undefined) return committed
      row = await findConnection(ports, held.tenant, held.id)
    }
  } catch (error) {
    // What belongs beside the row is there already, or gone: somebody else has settled it.
    if (!(error instanceof ConditionFailedError)) throw error
  }
  return undefined
}

function isHeld(row: ConnectionRow, held: ConnectionRow): boolean {
  return (
    row.fence === held.fence &&
    row.attempt?.op === held.attempt?.op &&
    row.grant?.access === held.grant?.access
  )
}
