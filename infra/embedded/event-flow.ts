import type { DeliveryMessage, DeliveryQueue } from '../../shared/ports/delivery-queue.ts'
import { errorFields } from '../../shared/ports/error-fields.ts'
import type { EventOutlet, FeedEntry } from '../../shared/ports/event-outlet.ts'
import type { ItemStore } from '../../shared/ports/item-store.ts'
import type { Metrics } from '../../shared/ports/metrics.ts'
import type { Ports } from '../../shared/ports/ports.ts'
import { FeedWaits } from '../../shared/use-cases/events/feed-waits.ts'
import { SignallingItemStore } from '../../shared/use-cases/events/outbox-signal.ts'
import { publishDue } from '../../shared/use-cases/events/publish-due.ts'
import { type DeliverResult, stopSubscription } from '../../shared/use-cases/subscriptions/deliver-event.ts'
import { SubscriptionOutlet } from '../../shared/use-cases/subscriptions/fan-out.ts'
import { EventDispatcher } from './event-dispatcher.ts'
import { LocalDeliveryQueue } from './local-delivery-queue.ts'
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
  /** Sends subscriptions their events by `deliver`, and takes up what waits from before. */
  connect(deliver: (message: DeliveryMessage) => Promise<DeliverResult>): DeliveryQueue
  close(): Promise<void>
}

/** Nothing but the feed takes events. */
const NO_OUTLET: EventOutlet = { isNeeded: async () => false, take: async () => undefined }

/** Connects store, dispatcher and feed. */
export function createEventFlow(
  ports: Pick<Ports, 'items' | 'clock' | 'log' | 'random'> & { metrics: Metrics },
): EventFlow {
  const feedWaits = new FeedWaits(ports.clock)
  let outlet = NO_OUTLET
  let queue: LocalDeliveryQueue | undefined
  const publishing = {
    ...ports,
    outlet: {
      isNeeded: (tenant: string) => outlet.isNeeded(tenant),
      take: (tenant: string, entries: readonly FeedEntry[]) => outlet.take(tenant, entries),
    },
    onPublished: (tenant: string) => feedWaits.wake(tenant),
  }
  const dispatcher = new EventDispatcher({ round: () => publishDue(publishing), log: ports.log })
  const items = new SignallingItemStore(ports.items, () => dispatcher.wake())
  return {
    items,
    connect(deliver) {
      const onOverrun = ({ tenant, subscriptionId: id }: DeliveryMessage) =>
        stopSubscription({ ...ports, items }, { tenant, id, status: 'paused', reason: 'backlog' })
      queue = new LocalDeliveryQueue({ ports, deliver, onOverrun })
      outlet = new SubscriptionOutlet(ports, queue)
      void queue.resume().catch((error: unknown) => {
        ports.log.error(
          'what waits for delivery was not read; the next start tries again',
          errorFields(error),
        )
      })
      return queue
    },
    feedWaits,
    loop: measuredLoop(
      { name: 'publish', everyMs: LEFTOVERS_EVERY_MS, run: () => dispatcher.drain() },
      ports.metrics,
    ),
    async close() {
      await dispatcher.close()
      await queue?.close()
    },
  }
}
