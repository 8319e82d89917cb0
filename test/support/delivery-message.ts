import type { DeliveryMessage } from '../../shared/ports/delivery-queue.ts'

/** One update of a connection of the tenant `acme`, on its way to a subscription. */
export function deliveryMessage(options: {
  readonly id: string
  readonly to: string
  readonly connection: string
  readonly place: number
  readonly again: string | undefined
}): DeliveryMessage {
  const { id, to, connection, place, again } = options
  return {
    tenant: 'acme',
    subscriptionId: to,
    place,
    ...(again === undefined ? {} : { again }),
    event: {
      id,
      type: 'connection.updated',
      tenant: 'acme',
      connection_id: connection,
      app_id: 'HTTP',
      version: 1,
      credential_version: 1,
      sequence: place,
      changed: [],
      occurred_at: '2030-01-01T00:00:00.000Z',
    },
  }
}
