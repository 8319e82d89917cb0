import type { VaultEvent } from '../../domain/change-event.ts'
import { eventSort, eventSortPrefix, eventsPartition } from '../../domain/keys.ts'
import type { ItemQuery } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { eventOf } from '../../rows/event-row.ts'
import { connectionNotFound, findConnection } from '../commit/connection-rows.ts'

/** From a sequence number on (`after`, ascending), or back from one (`before`, newest first). */
export interface ConnectionEventsQuery {
  readonly tenant: string
  readonly id: string
  readonly order: 'asc' | 'desc'
  /** Ascending: events with a higher `sequence`. Descending: with a lower one; undefined begins with the newest. */
  readonly from: number | undefined
  readonly limit: number
}

/** A connection's events in the order asked for. Throws `not-found` when there never was such a connection. */
export async function listConnectionEvents(
  ports: Pick<Ports, 'items'>,
  input: ConnectionEventsQuery,
): Promise<VaultEvent[]> {
  const page = await ports.items.query({
    partition: eventsPartition(input.tenant),
    sortPrefix: eventSortPrefix(input.id),
    ...startOf(input),
    limit: input.limit,
    descending: input.order === 'desc',
  })
  if (page.items.length === 0) {
    const row = await findConnection(ports, input.tenant, input.id)
    const isOver = input.from !== undefined && input.from > 0
    if (row === undefined && !isOver) throw connectionNotFound()
  }
  return page.items.flatMap(({ attributes }) => eventOf(attributes) ?? [])
}

function startOf({ id, from }: ConnectionEventsQuery): Pick<ItemQuery, 'after'> {
  return from === undefined ? {} : { after: eventSort(id, from) }
}
