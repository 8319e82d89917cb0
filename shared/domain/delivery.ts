import type { VaultEvent } from './change-event.ts'

/** One try to deliver, as the log of deliveries shows it. */
export interface DeliveryAttempt {
  /** The HTTP status; absent when there was no answer. */
  readonly status?: number
  readonly atMs: number
  readonly durationMs: number
  /** A code such as `timeout` or `http_500`; absent when it was accepted. */
  readonly error?: string
}

/** `skipped`: the subscription was paused, ended or removed before it was sent. */
export type DeliveryStatus = 'pending' | 'delivered' | 'dead' | 'skipped'

/** One event on its way to one subscription. */
export interface Delivery {
  readonly tenant: string
  readonly subscriptionId: string
  /** Its number in the feed, or the event's id for a test. */
  readonly place: number | string
  readonly event: VaultEvent
  /** The request that had it sent again, if one did. */
  readonly again?: string
  readonly status: DeliveryStatus
  readonly tries: number
  readonly queuedAtMs: number
  readonly firstTriedAtMs?: number
  readonly nextAtMs?: number
  /** The newest ones. */
  readonly attempts: readonly DeliveryAttempt[]
}

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

/** Standard Webhooks, "retries": quick at first, then over a day. They add up to 20.6 hours. */
const RETRY_STEPS_MS = [
  5 * SECOND_MS,
  MINUTE_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  4 * HOUR_MS,
  6 * HOUR_MS,
  8 * HOUR_MS,
]
/** Design: an event is tried for a day and then given up, with an event that says so. */
export const DELIVERY_LIFE_MS = 24 * HOUR_MS
/** A receiver that is busy or slow is not asked again sooner. */
const MIN_AFTER_OVERLOAD_MS = MINUTE_MS
/** A fifth more or less, so that receivers that failed together are not asked together. */
const JITTER = 0.2

/**
 * The instant of the next try after `tries` that failed, in epoch ms; undefined when the day is over. A Retry-After
 * is obeyed within it, and one that goes beyond leaves one try at its end. `chance` is a fraction in [0, 1).
 */
export function nextTryAtMs(failed: {
  readonly tries: number
  readonly firstTriedAtMs: number
  readonly nowMs: number
  readonly chance: number
  readonly overloaded: boolean
  readonly retryAfterMs?: number
}): number | undefined {
  const step = RETRY_STEPS_MS[failed.tries - 1]
  if (step === undefined) return undefined
  const jittered = step * (1 - JITTER + 2 * JITTER * failed.chance)
  const least = Math.max(failed.retryAfterMs ?? 0, failed.overloaded ? MIN_AFTER_OVERLOAD_MS : 0)
  const endMs = failed.firstTriedAtMs + DELIVERY_LIFE_MS
  if (failed.nowMs >= endMs) return undefined
  return Math.round(Math.min(failed.nowMs + Math.max(jittered, least), endMs))
}
