import type { ChangeEvent } from '../../domain/change-event.ts'
import { eventSort, eventSortPrefix, eventsPartition } from '../../domain/keys.ts'
import type { Ports } from '../../ports/ports.ts'
import { connectionNotFound, findConnection } from '../commit/connection-rows.ts'

/** A connection's events after a sequence number, ascending. Throws `not-found` when there never was one. */
export async function listConnectionEvents(
  ports: Pick<Ports, 'items'>,
  input: { tenant: string; id: string; after: number; limit: number },
): Promise<ChangeEvent[]> {
  const page = await ports.items.query({
    partition: eventsPartition(input.tenant),
    sortPrefix: eventSortPrefix(input.id),
    after: eventSort(input.id, input.after),
    limit: input.limit,
  })
  if (page.items.length === 0 && input.after === 0) {
    const row = await findConnection(ports, input.tenant, input.id)
    if (row === undefined) throw connectionNotFound()
  }
  return page.items.map(({ attributes }) => eventOf(attributes as unknown as ChangeEvent))
}

function eventOf(stored: ChangeEvent): ChangeEvent {
  const {
    id,
    type,
    tenant,
    connection_id,
    app_id,
    version,
    credential_version,
    sequence,
    occurred_at,
    changed,
  } = stored
  return {
    id,
    type,
    tenant,
    connection_id,
    app_id,
    version,
    credential_version,
    sequence,
    occurred_at,
    changed,
  }
}
