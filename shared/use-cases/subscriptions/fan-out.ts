import { isChangeEvent } from '../../domain/change-event.ts'
import { wants } from '../../domain/subscription.ts'
import type { DeliveryMessage, DeliveryQueue } from '../../ports/delivery-queue.ts'
import type { EventOutlet, FeedEntry } from '../../ports/event-outlet.ts'
import type { Ports } from '../../ports/ports.ts'
import { listSubscriptions } from './subscription-rows.ts'

/** Hands each event to the subscriptions that want it: one message a subscription and event, in order. */
export class SubscriptionOutlet implements EventOutlet {
  readonly #ports: Pick<Ports, 'items'>
  readonly #queue: DeliveryQueue

  constructor(ports: Pick<Ports, 'items'>, queue: DeliveryQueue) {
    this.#ports = ports
    this.#queue = queue
  }

  async isNeeded(tenant: string): Promise<boolean> {
    return (await listSubscriptions(this.#ports, tenant)).some(({ status }) => status === 'enabled')
  }

  async take(tenant: string, entries: readonly FeedEntry[]): Promise<void> {
    const messages = await messagesFor(this.#ports, { tenant, entries })
    if (messages.length > 0) await this.#queue.enqueue(messages)
  }
}

/** Which of these events go to which subscription of the tenant, or to the one that is named. */
export async function messagesFor(
  ports: Pick<Ports, 'items'>,
  events: { tenant: string; entries: readonly FeedEntry[]; only?: string; again?: string },
): Promise<DeliveryMessage[]> {
  const { tenant, entries, only, again } = events
  const subscriptions = (await listSubscriptions(ports, tenant)).filter(
    ({ id, status }) => status === 'enabled' && (only === undefined || id === only),
  )
  return entries.flatMap(({ number, event }) =>
    subscriptions
      .filter((subscription) => wants(subscription, event) && !isAbout(event, subscription.id))
      .map(({ id }) => ({
        tenant,
        subscriptionId: id,
        place: number,
        event,
        ...(again === undefined ? {} : { again }),
      })),
  )
}

/** What became of a subscription's own deliveries is for others to see: telling itself would fail alike. */
function isAbout(event: FeedEntry['event'], subscriptionId: string): boolean {
  return !isChangeEvent(event) && event.subscription_id === subscriptionId
}
