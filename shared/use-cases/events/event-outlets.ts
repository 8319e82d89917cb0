import type { EventOutlet, FeedEntry } from '../../ports/event-outlet.ts'

/** Several outlets as one: what one of them does not take comes again to all, as an outlet has to expect. */
export class EventOutlets implements EventOutlet {
  readonly #outlets: readonly EventOutlet[]

  constructor(outlets: readonly EventOutlet[]) {
    this.#outlets = outlets
  }

  async isNeeded(tenant: string): Promise<boolean> {
    const needed = await Promise.all(this.#outlets.map((outlet) => outlet.isNeeded(tenant)))
    return needed.includes(true)
  }

  async take(tenant: string, entries: readonly FeedEntry[]): Promise<void> {
    const taken = await Promise.allSettled(this.#outlets.map((outlet) => outlet.take(tenant, entries)))
    const refused = taken.find((one) => one.status === 'rejected')
    if (refused !== undefined) throw refused.reason
  }
}
