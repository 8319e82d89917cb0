import type { Delivery } from '../../domain/delivery.ts'
import { VaultError } from '../../domain/errors.ts'
import { newUuid } from '../../domain/ids.ts'
import { deliveriesPartition, deliverySortPrefix } from '../../domain/keys.ts'
import type { SubscriptionStatus } from '../../domain/subscription.ts'
import type { DeliveryQueue } from '../../ports/delivery-queue.ts'
import type { Ports } from '../../ports/ports.ts'
import { DELIVERY_ROWS } from '../../rows/delivery-row.ts'
import { CURSOR_ALLOWED, readNumberedFeed } from '../events/read-feed.ts'
import { messagesFor } from './fan-out.ts'
import { getSubscription } from './subscription-rows.ts'

/** Events looked through in one request; the answer's cursor goes on from there. */
const MAX_REPLAYED = 1000

export interface ReplayPorts extends Ports {
  readonly deliveries: DeliveryQueue
}

/**
 * Sends a subscription what happened after a place in the feed, once more, filtered as ever. Throws `not-found`,
 * `conflict` for one that is not enabled, `invalid-query`, `events-expired`.
 */
export async function replay(
  ports: ReplayPorts,
  input: { tenant: string; id: string; after: string },
): Promise<{ queued: number; after: string; more: boolean }> {
  const { tenant, id, after } = input
  const subscription = await getSubscription(ports, tenant, id)
  if (subscription.status !== 'enabled') {
    throw notEnabled('replay')
  }
  const page = await readNumberedFeed(ports, { tenant, after, limit: MAX_REPLAYED })
  const again = newUuid(ports.random)
  const messages = await messagesFor(ports, { tenant, entries: page.entries, only: id, again })
  if (messages.length > 0) await ports.deliveries.enqueue(messages)
  return { queued: messages.length, after: page.after, more: page.more }
}

/**
 * Throws what a replay would, before anything is changed for it: `not-found`, `conflict` where the subscription is
 * not going to be enabled, `invalid-body` for a place that is none, `events-expired`.
 */
export async function refuseReplay(
  ports: Pick<ReplayPorts, 'items' | 'clock'>,
  input: { tenant: string; id: string; after: string; status: SubscriptionStatus | undefined },
): Promise<void> {
  const { tenant, id, after } = input
  const { status } = await getSubscription(ports, tenant, id)
  if ((input.status ?? status) !== 'enabled') throw notEnabled('replay')
  try {
    await readNumberedFeed(ports, { tenant, after, limit: 1 })
  } catch (error) {
    if (!(error instanceof VaultError) || error.code !== 'invalid-query') throw error
    const where = { field: 'replay_after', allowed: CURSOR_ALLOWED, cause: error }
    throw new VaultError('invalid-body', 'There is no such place in the feed', where)
  }
}

function notEnabled(then: string): VaultError {
  return new VaultError('conflict', `The subscription is not enabled. Resume it, then ${then}.`)
}

/** Sends a subscription a test event, marked as one, and answers its id. Throws `not-found`, `conflict`. */
export async function sendTest(
  ports: ReplayPorts,
  input: { tenant: string; id: string; clientId: string },
): Promise<string> {
  const { tenant, id, clientId } = input
  const subscription = await getSubscription(ports, tenant, id)
  if (subscription.status !== 'enabled') {
    throw notEnabled('test it')
  }
  const eventId = newUuid(ports.random)
  const event = {
    id: eventId,
    type: 'subscription.test',
    tenant,
    subscription_id: id,
    reason: 'test',
    occurred_at: new Date(ports.clock.nowMs()).toISOString(),
    actor: { id: clientId },
  } as const
  await ports.deliveries.enqueue([{ tenant, subscriptionId: id, place: eventId, event }])
  return eventId
}

/** A subscription's deliveries, newest first, tests at the top. Throws `not-found`, `invalid-query`. */
export async function listDeliveries(
  ports: Pick<Ports, 'items'>,
  input: { tenant: string; id: string; limit: number; page?: string },
): Promise<{ deliveries: Delivery[]; next?: string }> {
  const { tenant, id, limit, page: nextToken } = input
  await getSubscription(ports, tenant, id)
  const page = await ports.items.query({
    partition: deliveriesPartition(tenant),
    sortPrefix: deliverySortPrefix(id),
    limit,
    descending: true,
    ...(nextToken === undefined ? {} : { nextToken }),
  })
  return {
    deliveries: page.items.map(({ attributes }) => DELIVERY_ROWS.decode(attributes)),
    ...(page.nextToken === undefined ? {} : { next: page.nextToken }),
  }
}
