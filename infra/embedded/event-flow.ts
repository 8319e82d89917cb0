import type { Clock } from '../../shared/ports/clock.ts'
import type { EventOutlet } from '../../shared/ports/event-outlet.ts'
import type { ItemStore } from '../../shared/ports/item-store.ts'
import type { Log } from '../../shared/ports/log.ts'
import type { Metrics } from '../../shared/ports/metrics.ts'
import { FeedWaits } from '../../shared/use-cases/events/feed-waits.ts'
import { SignallingItemStore } from '../../shared/use-cases/events/outbox-signal.ts'
import { publishDue } from '../../shared/use-cases/events/publish-due.ts'
import { EventDispatcher } from './event-dispatcher.ts'
import type { Loop } from './loops.ts'
import { measuredLoop } from './measured-loop.ts'

/** What a killed process left in the outbox waits this long at most. */
const LEFTOVERS_EVERY_MS = 5_000

/** The way of an event out of the outbox, in one process. */
export interface EventFlow {
  /** The store for everybody who commits: the dispatcher is told of each event. */
  readonly items: ItemStore
  readonly feedWaits: FeedWaits
  readonly loop: Loop
  close(): Promise<void>
}

/** Nothing but the feed takes events. */
const NO_OUTLET: EventOutlet = { isNeeded: async () => false, take: async () => undefined }

/** Connects store, dispatcher and feed. */
export function createEventFlow(ports: {
  items: ItemStore
  clock: Clock
  log: Log
  metrics: Metrics
}): EventFlow {
  const feedWaits = new FeedWaits(ports.clock)
  const publishing = {
    ...ports,
    outlet: NO_OUTLET,
    onPublished: (tenant: string) => feedWaits.wake(tenant),
  }
  const dispatcher = new EventDispatcher({ round: () => publishDue(publishing), log: ports.log })
  return {
    items: new SignallingItemStore(ports.items, () => dispatcher.wake()),
    feedWaits,
    loop: measuredLoop(
      { name: 'publish', everyMs: LEFTOVERS_EVERY_MS, run: () => dispatcher.drain() },
      ports.metrics,
    ),
    close: () => dispatcher.close(),
  }
}
