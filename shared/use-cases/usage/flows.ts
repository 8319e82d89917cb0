import { VaultError } from '../../domain/errors.ts'
import { flowKey, flowSortPrefix, flowsPartition } from '../../domain/keys.ts'
import type { Ports } from '../../ports/ports.ts'
import { tryTransact } from '../../ports/try-transact.ts'
import { type ConnectionFlow, FLOW_ROWS } from '../../rows/flow-row.ts'
import { getConnection } from '../commit/connection-rows.ts'

/** Flows that use one connection; more than anybody would look through. */
export const MAX_FLOWS = 1000
/** Connections of which flows are counted at a time, each with a read of its own. */
const COUNTED_AT_ONCE = 10

interface Place {
  readonly tenant: string
  readonly connectionId: string
}

/** Says that a flow uses a connection; saying it again replaces what was said. Throws `not-found`, `conflict`. */
export async function putFlow(
  ports: Ports,
  { tenant, connectionId }: Place,
  flow: Omit<ConnectionFlow, 'updatedAtMs'>,
): Promise<ConnectionFlow> {
  const known = await listFlows(ports, { tenant, connectionId })
  if (known.length >= MAX_FLOWS && !known.some(({ id }) => id === flow.id)) {
    throw new VaultError('conflict', `There are ${MAX_FLOWS} flows of this connection already.`)
  }
  const stored = { ...flow, updatedAtMs: ports.clock.nowMs() }
  const key = flowKey(tenant, connectionId, flow.id)
  await ports.items.transact([{ op: 'put', key, attributes: FLOW_ROWS.encode(stored) }])
  return stored
}

/** The flows that say that they use a connection, by their ids. Throws `not-found`. */
export async function listFlows(
  ports: Pick<Ports, 'items'>,
  { tenant, connectionId }: Place,
): Promise<ConnectionFlow[]> {
  await getConnection(ports, tenant, connectionId)
  const page = await ports.items.query({
    partition: flowsPartition(tenant),
    sortPrefix: flowSortPrefix(connectionId),
    limit: MAX_FLOWS,
  })
  return page.items.map(({ attributes }) => FLOW_ROWS.decode(attributes))
}

/**
 * How many flows say that they use each of these connections, whether they are still there or not. One read where a
 * tenant has few flows, as most have; of many, those that were not reached are counted one by one, a few at a time.
 */
export async function countFlows(
  ports: Pick<Ports, 'items'>,
  { tenant, connectionIds }: { tenant: string; connectionIds: readonly string[] },
): Promise<ReadonlyMap<string, number>> {
  const sorted = connectionIds.toSorted()
  const counts = new Map(sorted.map((id) => [id, 0]))
  const [first] = sorted
  if (first === undefined) return counts
  let rest = sorted
  if (sorted.length > 1) {
    const page = await ports.items.query({
      partition: flowsPartition(tenant),
      after: flowSortPrefix(first),
      limit: MAX_FLOWS,
    })
    const last = page.nextToken === undefined ? undefined : page.items.at(-1)?.key.sort
    rest = last === undefined ? [] : sorted.filter((id) => last.startsWith(flowSortPrefix(id)) || id > last)
    for (const { key } of page.items) {
      const id = key.sort.slice(0, key.sort.indexOf('#'))
      if (counts.has(id) && !rest.includes(id)) counts.set(id, counts.get(id)! + 1)
    }
  }
  for (let start = 0; start < rest.length; start += COUNTED_AT_ONCE) {
    const some = rest.slice(start, start + COUNTED_AT_ONCE)
    const counted = await Promise.all(some.map((id) => countOne(ports, tenant, id)))
    for (const [index, id] of some.entries()) counts.set(id, counted[index]!)
  }
  return counts
}

async function countOne(
  { items }: Pick<Ports, 'items'>,
  tenant: string,
  connectionId: string,
): Promise<number> {
  const sortPrefix = flowSortPrefix(connectionId)
  return (await items.query({ partition: flowsPartition(tenant), sortPrefix, limit: MAX_FLOWS })).items.length
}

/** Says that a flow no longer uses a connection. Throws `not-found`. */
export async function deleteFlow(ports: Ports, place: Place, flowId: string): Promise<void> {
  await getConnection(ports, place.tenant, place.connectionId)
  const key = flowKey(place.tenant, place.connectionId, flowId)
  if (!(await tryTransact(ports.items, { op: 'delete', key, when: [{ kind: 'item-present' }] })))
    throw new VaultError('not-found', 'Flow not found')
}

/** How many of the flows a refusal names; all are in the list. */
const MAX_NAMED = 10

/** Throws `conflict` with the flows' names while any flow uses the connection. */
export async function refuseWhileUsed(ports: Pick<Ports, 'items'>, place: Place): Promise<void> {
  const flows = await listFlows(ports, place)
  if (flows.length === 0) return
  const names = flows.slice(0, MAX_NAMED).map(({ name, id }) => `${name} (${id})`)
  const rest = flows.length > MAX_NAMED ? ` and ${flows.length - MAX_NAMED} more` : ''
  throw new VaultError(
    'conflict',
    `The connection is used by ${names.join(', ')}${rest}. Take it out of them first, or delete it without unless_used.`,
    { errorCode: 'connection_used' },
  )
}
