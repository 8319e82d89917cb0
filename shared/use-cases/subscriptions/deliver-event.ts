import { eventExpiryS } from '../../domain/change-event.ts'
import {
  type Delivery,
  type DeliveryAttempt,
  type DeliveryStatus,
  nextTryAtMs,
} from '../../domain/delivery.ts'
import { newUuid } from '../../domain/ids.ts'
import { deliveryKey, deliveryShard } from '../../domain/keys.ts'
import type { Subscription, SubscriptionStatus } from '../../domain/subscription.ts'
import type { DeliveryMessage } from '../../ports/delivery-queue.ts'
import type { GrantRunner } from '../../ports/grant-runner.ts'
import { ConditionFailedError, type Write } from '../../ports/item-store.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { OutgoingFetch } from '../../ports/outgoing-fetch.ts'
import type { Ports } from '../../ports/ports.ts'
import { DELIVERY_ROWS } from '../../rows/delivery-row.ts'
import type { OpenedSecrets } from '../memory/opened-secrets.ts'
import { type Sent, sendToTarget } from './send-to-target.ts'
import { findSubscription, subscriptionEventWrite, subscriptionWrite } from './subscription-rows.ts'

/** Kept of each delivery, newest last. */
const MAX_ATTEMPTS_SHOWN = 10
/** That a receiver works is noted this seldom: a delivery must not become two writes. */
const SUCCESS_NOTED_EVERY_MS = 60_000
/** Somebody else changes the subscription at the same time; more often in a row than this is no accident. */
const MAX_TRIES = 5

export interface DeliverPorts extends Ports {
  readonly fetch: OutgoingFetch
  readonly opened: OpenedSecrets
  readonly grants: Pick<GrantRunner, 'send'>
  readonly metrics: Pick<Metrics, 'count' | 'observe'>
  /** Names this vault in the `source` of what it sends. */
  readonly deployment: string
  /** Where people reach the vault, for the link in a sentence. */
  readonly publicUrl: string
}

/** `done`: delivered, given up or not wanted any more · `wait`: to be tried again then, and its successors after it. */
export type DeliverResult = { readonly kind: 'done' } | { readonly kind: 'wait'; readonly untilMs: number }

const DONE: DeliverResult = { kind: 'done' }

/**
 * Tries to deliver one event once and records what came of it. Safe for a message that comes twice: one that was
 * delivered is not sent again unless it asks for that. Throws only when a store does.
 */
export async function deliverEvent(ports: DeliverPorts, message: DeliveryMessage): Promise<DeliverResult> {
  const nowMs = ports.clock.nowMs()
  const subscription = await findSubscription(ports, message.tenant, message.subscriptionId)
  const stored = await findDelivery(ports, message)
  const isSame = stored !== undefined && (message.again === undefined || message.again === stored.again)
  const delivery = isSame ? stored : newDelivery(message, nowMs)
  if (delivery.status !== 'pending') return DONE
  if (subscription?.status !== 'enabled') {
    await ports.items.transact([deliveryWrite({ ...delivery, status: 'skipped' }, nowMs)])
    return count(ports, 'skipped')
  }
  if (delivery.nextAtMs !== undefined && delivery.nextAtMs > nowMs) {
    return { kind: 'wait', untilMs: delivery.nextAtMs }
  }
  const sent = await sendToTarget(ports, subscription, delivery.event)
  const tried = withAttempt(delivery, sent, nowMs)
  if (sent.kind === 'accepted') return delivered(ports, { subscription, tried })
  if (sent.kind === 'gone') return given(ports, { tried, status: 'skipped', end: ['ended', 'gone'] })
  const untilMs = nextTryAtMs({
    tries: tried.tries,
    firstTriedAtMs: tried.firstTriedAtMs ?? nowMs,
    nowMs: ports.clock.nowMs(),
    chance: ports.random.fraction(),
    overloaded: sent.overloaded,
    ...(sent.retryAfterMs === undefined ? {} : { retryAfterMs: sent.retryAfterMs }),
  })
  if (untilMs === undefined) return givenUp(ports, { subscription, tried })
  await ports.items.transact([deliveryWrite({ ...tried, nextAtMs: untilMs }, nowMs)])
  count(ports, 'failed')
  return { kind: 'wait', untilMs }
}

/** A delivery as it is before its first try. */
export function newDelivery(message: DeliveryMessage, nowMs: number): Delivery {
  return {
    ...message,
    status: 'pending',
    tries: 0,
    queuedAtMs: nowMs,
    attempts: [],
  }
}

/**
 * The write that stores a delivery; one that waits is in the due index, where the process that sends it looks there.
 */
export function deliveryWrite(
  delivery: Delivery,
  nowMs: number,
  { isFound }: { readonly isFound: boolean } = { isFound: true },
): Extract<Write, { op: 'put' }> {
  const { tenant, subscriptionId, place, status } = delivery
  const due = { due_shard: deliveryShard(), due_at: delivery.nextAtMs ?? delivery.queuedAtMs }
  return {
    op: 'put',
    key: deliveryKey(tenant, subscriptionId, place),
    attributes: {
      ...DELIVERY_ROWS.encode(delivery),
      expires_at_s: eventExpiryS(nowMs),
      ...(status === 'pending' && isFound ? due : {}),
    },
  }
}

async function findDelivery(
  ports: Pick<Ports, 'items'>,
  message: DeliveryMessage,
): Promise<Delivery | undefined> {
  const key = deliveryKey(message.tenant, message.subscriptionId, message.place)
  return DELIVERY_ROWS.find(await ports.items.get(key))
}

function withAttempt(delivery: Delivery, sent: Sent, startedAtMs: number): Delivery {
  const attempt: DeliveryAttempt = {
    atMs: startedAtMs,
    durationMs: sent.durationMs,
    ...(sent.status === undefined ? {} : { status: sent.status }),
    ...(sent.kind === 'accepted' ? {} : { error: sent.error }),
  }
  const { nextAtMs: _, ...rest } = delivery
  return {
    ...rest,
    tries: delivery.tries + 1,
    firstTriedAtMs: delivery.firstTriedAtMs ?? startedAtMs,
    attempts: [...delivery.attempts, attempt].slice(-MAX_ATTEMPTS_SHOWN),
  }
}

interface Tried {
  readonly subscription: Subscription
  readonly tried: Delivery
}

async function delivered(ports: DeliverPorts, { subscription, tried }: Tried): Promise<DeliverResult> {
  const nowMs = ports.clock.nowMs()
  await ports.items.transact([deliveryWrite({ ...tried, status: 'delivered' }, nowMs)])
  if (nowMs - (subscription.lastSuccessAtMs ?? 0) >= SUCCESS_NOTED_EVERY_MS) {
    const { tenant, id } = subscription
    const set = { lastSuccessAtMs: nowMs }
    const { key } = subscriptionWrite(subscription, undefined)
    await ports.items
      .transact([{ op: 'update', key, set, when: [{ kind: 'item-present' }] }])
      .catch((error: unknown) => {
        if (!(error instanceof ConditionFailedError)) throw error
        ports.log.info('a subscription was removed while it was served', { tenant, op: id })
      })
  }
  ports.metrics.observe('delivery_lag', Math.max(0, nowMs - tried.queuedAtMs))
  return count(ports, 'delivered')
}

/** The day is over: the event is given up, said so in the feed, and a receiver that took nothing since is paused. */
async function givenUp(ports: DeliverPorts, { subscription, tried }: Tried): Promise<DeliverResult> {
  const isDead = (subscription.lastSuccessAtMs ?? 0) < (tried.firstTriedAtMs ?? 0)
  const nowMs = ports.clock.nowMs()
  const { event } = tried
  const letter = subscriptionEventWrite(subscription, {
    type: 'subscription.delivery_failed',
    id: newUuid(ports.random),
    // Above any version, and apart from those of other events of this subscription.
    sequence: nowMs,
    nowMs,
    reason: 'expired',
    about: {
      event_id: event.id,
      ...(event.connection_id === undefined ? {} : { connection_id: event.connection_id }),
    },
  })
  // A deletion can be taken back, so that a connection that is gone gets its day as well, and then its own name.
  const reason = tried.attempts.at(-1)?.error === 'target_gone' ? 'target_gone' : 'failing'
  const end = isDead ? (['paused', reason] as const) : undefined
  return given(ports, { tried, status: 'dead', letter, ...(end === undefined ? {} : { end }) })
}

async function given(
  ports: DeliverPorts,
  outcome: {
    readonly tried: Delivery
    readonly status: DeliveryStatus
    readonly letter?: Write
    readonly end?: readonly [SubscriptionStatus, string]
  },
): Promise<DeliverResult> {
  const { tried, status, letter, end } = outcome
  const writes = [
    deliveryWrite({ ...tried, status }, ports.clock.nowMs()),
    ...(letter === undefined ? [] : [letter]),
  ]
  await ports.items.transact(writes)
  if (end !== undefined) {
    await stopSubscription(ports, {
      tenant: tried.tenant,
      id: tried.subscriptionId,
      status: end[0],
      reason: end[1],
    })
  }
  return count(ports, status)
}

/** Pauses or ends a subscription, with its own event; one that is stopped already is left as it is. */
export async function stopSubscription(
  ports: Pick<Ports, 'items' | 'clock' | 'random'>,
  stop: { tenant: string; id: string; status: SubscriptionStatus; reason: string },
): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const seen = await findSubscription(ports, stop.tenant, stop.id)
    if (seen?.status !== 'enabled') return
    const nowMs = ports.clock.nowMs()
    const { status, reason } = stop
    const version = seen.version + 1
    const next = { ...seen, status, reason, version, updatedAtMs: nowMs, op: newUuid(ports.random) }
    const event = subscriptionEventWrite(seen, {
      type: status === 'ended' ? 'subscription.ended' : 'subscription.paused',
      id: newUuid(ports.random),
      sequence: version,
      nowMs,
      reason,
    })
    try {
      return await ports.items.transact([subscriptionWrite(next, seen), event])
    } catch (error) {
      if (!(error instanceof ConditionFailedError)) throw error
    }
  }
}

function count(ports: DeliverPorts, outcome: DeliveryStatus | 'failed'): DeliverResult {
  ports.metrics.count('deliveries', 1, { outcome })
  return DONE
}
