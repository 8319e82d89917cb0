import type { ConnectionRow } from '../../domain/connection.ts'
import { newUuid } from '../../domain/ids.ts'
import { connectionKey } from '../../domain/keys.ts'
import { ConditionFailedError } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import type { VisibleChange } from './change-connection.ts'
import {
  eventWrite,
  findConnection,
  isEventStored,
  nextRow,
  rowChange,
  unchangedSince,
} from './connection-rows.ts'
import { sameAs } from './same-as.ts'
import { transactSurely } from './transact-surely.ts'

/** Renames and other visible changes may come in between; more in a row than this is no accident. */
const MAX_TRIES = 8

/** What the holder of an attempt changes; with an event it is a visible change, without one it is not. */
export type HeldChange = Omit<VisibleChange, 'event'> & Partial<Pick<VisibleChange, 'event'>>

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
  for (let tries = 0; tries < MAX_TRIES && row !== undefined && isHeld(row, held); tries++) {
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

/** Turns `row` into what is decided, on behalf of the holder of `held.fence`. */
async function tryCommit(
  ports: Ports,
  row: ConnectionRow,
  held: ConnectionRow,
  { beside = [], event, members }: HeldChange,
): Promise<ConnectionRow | undefined> {
  const nowMs = ports.clock.nowMs()
  const eventId = event && newUuid(ports.random)
  const next = event ? nextRow(ports, row, members, nowMs) : { ...row, ...members, op: newUuid(ports.random) }
  const told = event && eventWrite(next, { ...event, nowMs, id: eventId!, actor: ports.actor })
  const change = rowChange(row, next, [...unchangedSince(row), sameAs('fence', held.fence)])
  try {
    await transactSurely(ports, [change, ...(told ? [told] : []), ...beside], () =>
      isApplied(ports, next, eventId),
    )
    return next
  } catch (error) {
    if (error instanceof ConditionFailedError) return undefined
    throw error
  }
}

async function isApplied(ports: Ports, next: ConnectionRow, eventId: string | undefined): Promise<boolean> {
  if (eventId !== undefined) return isEventStored(ports, next, eventId)
  return (await ports.items.get(connectionKey(next.tenant, next.id)))?.['op'] === next.op
}
