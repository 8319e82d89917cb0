import type { VaultEvent } from '../domain/change-event.ts'

/** One event for one subscription. */
export interface DeliveryMessage {
  readonly tenant: string
  readonly subscriptionId: string
  /** Its number in the feed, or the event's id for a test. */
  readonly place: number | string
  readonly event: VaultEvent
  /** Set when it is sent again on request, whether it was delivered or not: the id of that request. */
  readonly again?: string
}

/** What waits to be delivered: in order for one subscription and connection, side by side for all others. */
export interface DeliveryQueue {
  /** Takes messages durably, in their order. One that is there already changes nothing. */
  enqueue(messages: readonly DeliveryMessage[]): Promise<void>
}
