import type { ChangeEventType } from '../../domain/change-event.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import { newUuid } from '../../domain/ids.ts'
import { connectionKey } from '../../domain/keys.ts'
import { type Condition, ConditionFailedError, type Write } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import {
  eventWrite,
  findConnection,
  isEventStored,
  nextRow,
  rowChange,
  unchangedSince,
} from './connection-rows.ts'
import { transactSurely } from './transact-surely.ts'

/** Renames and other visible changes may come in between; more in a row than this is no accident. */
const MAX_TRIES = 8

/** What the holder of an attempt changes; with an event it is a visible change, without one it is not. */
export interface HeldChange {
  readonly members: Partial<ConnectionRow>
  readonly event?: { readonly type: ChangeEventType; readonly changed: readonly string[] }
  readonly beside?: readonly Write[]
}

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
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    if (row === undefined || !isHeld(row, held)) return undefined
    const committed = await tryCommit(ports, row, held, decide(row))
    if (committed !== undefined) return committed
    row = await findConnection(ports, held.tenant, held.id)
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

async function tryCommit(
  ports: Ports,
  row: ConnectionRow,
  held: ConnectionRow,
  change: HeldChange,
): Promise<ConnectionRow | undefined> {
  const { next, writes, eventId } = heldWrites(ports, row, { held, change })
  try {
    await transactSurely(ports, writes, () => isApplied(ports, next, eventId))
    return next
  } catch (error) {
    if (error instanceof ConditionFailedError) return undefined
    throw error
  }
}

/** The transaction that turns `row` into `next` on behalf of the holder of `held.fence`. */
export function heldWrites(
  ports: Ports,
  row: ConnectionRow,
  { held, change }: { held: ConnectionRow; change: HeldChange },
): { next: ConnectionRow; writes: readonly Write[]; eventId: string | undefined } {
  const conditions: Condition[] = [
    ...unchangedSince(row),
    { kind: 'equals', attribute: 'fence', value: held.fence },
  ]
  const nowMs = ports.clock.nowMs()
  const { event } = change
  const visible =
    event === undefined ? undefined : { ...event, nowMs, id: newUuid(ports.random), actor: ports.actor }
  const next =
    visible === undefined
      ? { ...row, ...change.members, op: newUuid(ports.random) }
      : nextRow(ports, row, change.members, nowMs)
  const writes = [
    rowChange(row, next, conditions),
    ...(visible === undefined ? [] : [eventWrite(next, visible)]),
    ...(change.beside ?? []),
  ]
  return { next, writes, eventId: visible?.id }
}

async function isApplied(ports: Ports, next: ConnectionRow, eventId: string | undefined): Promise<boolean> {
  if (eventId !== undefined) return isEventStored(ports, next, eventId)
  return (await ports.items.get(connectionKey(next.tenant, next.id)))?.['op'] === next.op
}
