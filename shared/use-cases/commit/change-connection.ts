import type { ChangeEventType } from '../../domain/change-event.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import { newUuid } from '../../domain/ids.ts'
import { connectionKey } from '../../domain/keys.ts'
import { type Condition, ConditionFailedError, type Write } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import {
  connectionBusy,
  connectionNotFound,
  eventWrite,
  findConnection,
  isEventStored,
  nextRow,
  rowChange,
  unchangedSince,
} from './connection-rows.ts'
import { sameAs } from './same-as.ts'
import { settleChange } from './settle-commit.ts'
import { transactSurely } from './transact-surely.ts'

/** Two people and a rotation may meet on one connection; six changes within one request's time are no accident. */
const MAX_CHANGE_TRIES = 6

/**
 * A change that people can see: the members that differ, and the event that tells of it. One that raises the fence
 * is applied only while the fence is the one it was raised from: leases are taken without a visible change.
 */
export interface VisibleChange {
  readonly members: Partial<ConnectionRow>
  readonly event: { readonly type: ChangeEventType; readonly changed: readonly string[] }
  /** Writes that must be applied with it. */
  readonly beside?: readonly Write[]
}

/**
 * Applies a visible change with its event in one transaction, on the condition that nothing else changed since
 * `seen`; otherwise reads again and lets `decide` decide anew. `decide` may throw, or answer undefined for
 * "nothing to do". Answers the row as it is afterwards. Throws `not-found`, `conflict`, `store-unavailable`.
 */
export async function changeConnection(
  ports: Ports,
  seen: ConnectionRow,
  decide: (row: ConnectionRow) => VisibleChange | undefined,
): Promise<ConnectionRow> {
  let row = seen
  for (let tries = 0; tries < MAX_CHANGE_TRIES; tries++) {
    const change = decide(row)
    if (change === undefined) return row
    const nowMs = ports.clock.nowMs()
    const next = nextRow(ports, row, change.members, nowMs)
    const event = { ...change.event, nowMs, id: newUuid(ports.random), actor: ports.actor }
    try {
      await transactSurely(
        ports,
        [rowChange(row, next, conditionsOf(row, change)), eventWrite(next, event), ...(change.beside ?? [])],
        () => isChanged(ports, { seen: row, next, eventId: event.id }),
      )
      return next
    } catch (error) {
      if (!(error instanceof ConditionFailedError) || error.writeIndex > 1) throw error
      const current = await findConnection(ports, row.tenant, row.id)
      if (current === undefined) throw connectionNotFound()
      row = current
    }
  }
  throw connectionBusy()
}

/** Settles a change of unknown outcome, by a write. */
function isChanged(
  ports: Ports,
  { seen, next, eventId }: { seen: ConnectionRow; next: ConnectionRow; eventId: string },
): Promise<boolean> {
  const isApplied = () => isEventStored(ports, next, eventId)
  return settleChange(ports, connectionKey(seen.tenant, seen.id), { seenOp: seen.op, isApplied })
}

function conditionsOf(row: ConnectionRow, change: VisibleChange): Condition[] {
  return [...unchangedSince(row), ...(change.members.fence === undefined ? [] : [sameAs('fence', row.fence)])]
}
