import type { ChangeEventType } from '../../domain/change-event.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import { newUuid } from '../../domain/ids.ts'
import { connectionKey } from '../../domain/keys.ts'
import { ConditionFailedError, sameAs, type Write } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import {
  connectionBusy,
  eventWrite,
  findConnection,
  getConnection,
  isEventStored,
  nextRow,
  rowChange,
  unchangedSince,
} from './connection-rows.ts'
import { settleChange } from './settle-commit.ts'
import { transactSurely } from './transact-surely.ts'

/** Two people and a rotation may meet on one connection; six changes within one request's time are no accident. */
const MAX_CHANGE_TRIES = 6

/**
 * A change that people can see: the members that differ, and the event that tells of it. One that raises the fence
 * is applied only while the fence is the one it was raised from: attempts are taken without a visible change.
 */
export interface VisibleChange {
  readonly members: Partial<ConnectionRow>
  readonly event: { readonly type: ChangeEventType; readonly changed: readonly string[] }
  /** Writes that must be applied with it. */
  readonly beside?: readonly Write[]
}

/** What the holder of an attempt changes; with an event it is a visible change, without one it is not. */
export type HeldChange = Omit<VisibleChange, 'event'> & Partial<Pick<VisibleChange, 'event'>>

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
    const changed = await tryChange(ports, row, change)
    if (changed !== undefined) return changed
    row = await getConnection(ports, row.tenant, row.id)
  }
  throw connectionBusy()
}

/**
 * Turns `row` into what is decided, in one transaction, and settles an unknown outcome by a write. Undefined when the
 * row has changed since it was read. Throws `ConditionFailedError` when a write beside it met its condition unfulfilled.
 */
export async function tryChange(
  ports: Ports,
  row: ConnectionRow,
  { beside = [], event, members }: HeldChange,
  { isHeld = members.fence !== undefined }: { isHeld?: boolean } = {},
): Promise<ConnectionRow | undefined> {
  const nowMs = ports.clock.nowMs()
  const next = event ? nextRow(ports, row, members, nowMs) : { ...row, ...members, op: newUuid(ports.random) }
  const told = event && { ...event, nowMs, id: newUuid(ports.random), actor: ports.actor }
  const events = told === undefined ? [] : [eventWrite(next, told)]
  const conditions = [...unchangedSince(row), ...(isHeld ? [sameAs('fence', row.fence)] : [])]
  // The event is the surest sign: the row may have been changed again by then.
  const isApplied = async () =>
    told === undefined
      ? (await findConnection(ports, next.tenant, next.id))?.op === next.op
      : isEventStored(ports, next, told.id)
  try {
    await transactSurely(ports, [rowChange(row, next, conditions), ...events, ...beside], () =>
      settleChange(ports, connectionKey(row.tenant, row.id), { seenOp: row.op, isApplied }),
    )
    return next
  } catch (error) {
    if (error instanceof ConditionFailedError && error.writeIndex <= events.length) return undefined
    throw error
  }
}
