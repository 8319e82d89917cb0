import type { SubscriptionEvent, SubscriptionEventType } from '../../domain/change-event.ts'
import { VaultError } from '../../domain/errors.ts'
import { subscriptionKey, subscriptionsPartition } from '../../domain/keys.ts'
import type { Subscription } from '../../domain/subscription.ts'
import type { Attributes, Write } from '../../ports/item-store.ts'
import { pagesOf } from '../../ports/pages-of.ts'
import type { Ports } from '../../ports/ports.ts'
import { SUBSCRIPTION_ROWS } from '../../rows/subscription-row.ts'
import { isUndoneCreation } from '../../rows/undone-row.ts'
import { placeUnchanged } from '../commit/commit-item.ts'
import { outboxWrite } from '../commit/connection-rows.ts'

/** Each event is matched with all of a tenant's, and a fan-out of 50 is one page of writes. */
export const MAX_SUBSCRIPTIONS = 50

/** The subscription, or undefined. */
export async function findSubscription(
  ports: Pick<Ports, 'items'>,
  tenant: string,
  id: string,
): Promise<Subscription | undefined> {
  return subscriptionOf(await ports.items.get(subscriptionKey(tenant, id)))
}

/** The subscription; throws `not-found`. */
export async function getSubscription(
  ports: Pick<Ports, 'items'>,
  tenant: string,
  id: string,
): Promise<Subscription> {
  const subscription = await findSubscription(ports, tenant, id)
  if (subscription === undefined) throw new VaultError('not-found', 'Subscription not found')
  return subscription
}

/** The tenant's subscriptions in the order of creation. */
export async function listSubscriptions(
  ports: Pick<Ports, 'items'>,
  tenant: string,
): Promise<Subscription[]> {
  const found: Subscription[] = []
  // All pages: creations that met may be more than the limit, and marks of what was undone stand among them.
  for await (const page of pagesOf(ports.items, {
    partition: subscriptionsPartition(tenant),
    limit: MAX_SUBSCRIPTIONS,
  }))
    found.push(...page.flatMap(({ attributes }) => subscriptionOf(attributes) ?? []))
  return found
}

/** What only says that a subscription will never be created is none. */
/** A subscription as it is stored. What only says that one will never be created is none. */
export function subscriptionOf(attributes: Attributes | undefined): Subscription | undefined {
  if (attributes === undefined || isUndoneCreation(attributes)) return undefined
  return SUBSCRIPTION_ROWS.decode(attributes)
}

/** The write that stores a subscription as it now is, on the condition that nobody changed it since `seen`. */
export function subscriptionWrite(next: Subscription, seen: Subscription | undefined): Write {
  return {
    op: 'put',
    key: subscriptionKey(next.tenant, next.id),
    attributes: SUBSCRIPTION_ROWS.encode(next),
    when: placeUnchanged(seen),
  }
}

/** The outbox write of something that happened to a subscription; `sequence` sets it apart from its others. */
export function subscriptionEventWrite(
  subscription: Pick<Subscription, 'tenant' | 'id'>,
  event: {
    readonly type: SubscriptionEventType
    readonly id: string
    readonly sequence: number
    readonly nowMs: number
    readonly reason: string
    readonly about?: { readonly event_id: string; readonly connection_id?: string }
    readonly actor?: { readonly id: string }
  },
): Write {
  const body: SubscriptionEvent = {
    id: event.id,
    type: event.type,
    tenant: subscription.tenant,
    subscription_id: subscription.id,
    reason: event.reason,
    ...event.about,
    ...(event.actor === undefined ? {} : { actor: event.actor }),
    occurred_at: new Date(event.nowMs).toISOString(),
  }
  return outboxWrite(body, { ownerId: subscription.id, sequence: event.sequence, nowMs: event.nowMs })
}
