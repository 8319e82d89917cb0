import type { ConnectionRow } from '../../domain/connection.ts'
import { VaultError } from '../../domain/errors.ts'
import { connectionCounterKeys, connectionCounterOf, countersPartition } from '../../domain/keys.ts'
import { type Condition, ConditionFailedError, type Write } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { CONNECTION_COUNT_ROWS } from '../../rows/count-rows.ts'

/** The ports of what may make a connection more. */
export interface CapPorts extends Pick<Ports, 'items'> {
  /** How many connections a tenant may have; as many as it likes when absent. */
  readonly maxConnections?: number | undefined
}

/*
 * The cap is held by the transaction that counts a connection, and by nothing beside it: each of the tenant's
 * counters has a part of the cap, and counts one more only up to that. The parts together are the cap, so creates of
 * any number of instances at one moment never pass it, and there is no counter of all that each of them would have to
 * write. A new connection gets an id whose counter has room.
 */

/** What each counter of a tenant stands at, and how far it may go. */
export interface Room {
  readonly totals: readonly number[]
  readonly limits: readonly number[]
}

/** Which connection is counted. */
type Counted = Pick<ConnectionRow, 'tenant' | 'id'>

/** A counter had room when it was looked at, and others took it. Nothing was changed. */
export class RoomTakenError extends Error {
  override readonly name = 'RoomTakenError'
}

/** An id finds its counter by chance, one of eight: so many draws miss the only one with room once in 10^11 times. */
const MAX_DRAWS = 200

/**
 * The room that the operator's cap leaves a tenant; undefined without a cap. Throws `conflict` when there is none,
 * unless what is asked for makes no more connections, which is looked up only then: one that did after all would not be
 * counted.
 */
export async function findRoom(
  ports: CapPorts,
  tenant: string,
  makesNone: () => Promise<boolean> = async () => false,
): Promise<Room | undefined> {
  const { maxConnections } = ports
  if (maxConnections === undefined) return undefined
  const totals = await countEach(ports, tenant)
  const count = totals.reduce((sum, total) => sum + total, 0)
  const room = { totals, limits: limitsOf(maxConnections, totals) }
  if (count < maxConnections || (await makesNone())) return room
  throw new VaultError('conflict', `There are ${count} connections already. Delete some first.`, {
    errorCode: 'too_many_connections',
    allowed: `at most ${maxConnections} connections`,
  })
}

/**
 * Parts of the cap that together are the cap. Where a counter is past its part (the cap was set later than it
 * counted, or a connection was restored), what it has too many is taken off the parts of those that have room.
 */
function limitsOf(maxConnections: number, totals: readonly number[]): number[] {
  const parts = totals.map(
    (_, shard) =>
      Math.floor(maxConnections / totals.length) + (shard < maxConnections % totals.length ? 1 : 0),
  )
  let excess = totals.reduce((sum, total, shard) => sum + Math.max(0, total - parts[shard]!), 0)
  return parts.map((part, shard) => {
    const taken = Math.min(excess, Math.max(0, part - totals[shard]!))
    excess -= taken
    return part - taken
  })
}

/** An id that counts where there is room. */
export function drawWithRoom(room: Room | undefined, draw: () => string): string {
  let id = draw()
  for (let draws = 1; room !== undefined && draws < MAX_DRAWS && !hasRoom(room, id); draws++) id = draw()
  return id
}

/** The write that counts a connection that comes or goes; with the change itself. */
export function countWrite(
  { tenant, id }: Counted,
  total: 1 | -1,
  when: readonly Condition[] = [],
): Extract<Write, { op: 'update' }> {
  const set = CONNECTION_COUNT_ROWS.encode({})
  const key = connectionCounterKeys(tenant)[connectionCounterOf(id)]!
  return { op: 'update', key, set, add: { total }, ...(when.length === 0 ? {} : { when }) }
}

/** Counts one connection more, on the condition that its counter has room. */
export function countOneMore(row: Counted, room: Room | undefined): Write {
  const limit = room?.limits[connectionCounterOf(row.id)]
  if (limit === undefined) return countWrite(row, 1)
  // One that is not there stands at nothing, which is no room where its part is nothing.
  return countWrite(row, 1, [atMost(limit - 1), ...(limit > 0 ? [] : [{ kind: 'item-present' } as const])])
}

/**
 * The same for a connection whose id is given: where its own counter has had its part, and others have room, none of
 * them may have counted more meanwhile.
 */
export function countOneBack(row: Counted, room: Room | undefined): Write[] {
  const own = connectionCounterOf(row.id)
  if (room === undefined || hasRoom(room, row.id)) return [countOneMore(row, room)]
  return connectionCounterKeys(row.tenant).map((key, shard) => {
    const unchanged = atMost(room.totals[shard]!)
    return shard === own ? countWrite(row, 1, [unchanged]) : { op: 'check', key, when: [unchanged] }
  })
}

/** What `error` of a transaction with these writes means: a counter without room is told as such. */
export function roomOf(error: unknown, writes: readonly Write[], tenant: string): unknown {
  const failure = error instanceof VaultError ? error.cause : error
  const isCounter =
    failure instanceof ConditionFailedError &&
    writes[failure.writeIndex]?.key.partition === countersPartition(tenant)
  return isCounter ? new RoomTakenError() : error
}

/** What a caller is told whose room others took, and who has to come again. */
export function roomTaken(): VaultError {
  return new VaultError(
    'store-unavailable',
    'Others made connections at the same moment; nothing was changed. Try again.',
    { retryAfterSeconds: 1 },
  )
}

function hasRoom({ totals, limits }: Room, id: string): boolean {
  const shard = connectionCounterOf(id)
  return totals[shard]! < limits[shard]!
}

function atMost(value: number): Condition {
  return { kind: 'absent-or-at-most', attribute: 'total', value }
}

/** Each by its key: a query of them tells a client with permits how many connections it may see. */
async function countEach({ items }: CapPorts, tenant: string): Promise<number[]> {
  const counters = await Promise.all(connectionCounterKeys(tenant).map((key) => items.get(key)))
  return counters.map((counter) => CONNECTION_COUNT_ROWS.find(counter)?.total ?? 0)
}
