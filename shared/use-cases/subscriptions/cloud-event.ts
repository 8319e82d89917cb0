import type { VaultEvent } from '../../domain/change-event.ts'
import { isChangeEvent } from '../../domain/change-event.ts'
import { toldEvent } from '../../domain/event-words.ts'
import type { JsonObject } from '../../domain/json.ts'

/**
 * The body of a webhook: CloudEvents 1.0 in its JSON form, with our flat event in `data`, and the `timestamp` that
 * Standard Webhooks asks for. `source` sets our types apart from those of others with the same names.
 */
export function cloudEventOf(event: VaultEvent, deployment: string): JsonObject {
  return {
    specversion: '1.0',
    id: event.id,
    source: `urn:flow-vault:${deployment}:${event.tenant}`,
    type: event.type,
    time: event.occurred_at,
    timestamp: event.occurred_at,
    datacontenttype: 'application/json',
    ...(event.connection_id === undefined
      ? {}
      : { subject: event.connection_id, partitionkey: event.connection_id }),
    ...(isChangeEvent(event) ? { sequence: String(event.sequence) } : {}),
    ...(event.type === 'subscription.test' ? { purpose: 'test' } : {}),
    data: toldEvent(event),
  }
}
