import type { VaultEvent } from '../domain/change-event.ts'

/** An event with its number in the tenant's feed; numbers have no gaps. */
export interface FeedEntry {
  readonly number: number
  readonly event: VaultEvent
}

/** Where published events go beyond the feed: a bus, subscriptions. */
export interface EventOutlet {
  /** Whether anything takes this tenant's events; without a taker they are published with one write less. */
  isNeeded(tenant: string): Promise<boolean>
  /**
   * Takes events of one tenant durably, ascending. When it throws they come again, all of them: a taker sees an
   * event at least once, and never a later event of a connection before an earlier one.
   */
  take(tenant: string, entries: readonly FeedEntry[]): Promise<void>
}
