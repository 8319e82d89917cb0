import { type EventType, isChangeEvent, type VaultEvent } from './change-event.ts'
import type { SecretPointer } from './connection.ts'

/** Where a subscription's events go: a webhook of somebody's, or a connection of the vault that posts to people. */
export type SubscriptionTarget =
  | { readonly kind: 'webhook'; readonly url: string }
  | { readonly kind: 'connection'; readonly connectionId: string }

/** Which events; a member that is absent lets all through. */
export interface SubscriptionFilter {
  readonly types?: readonly EventType[]
  readonly appIds?: readonly string[]
  readonly connectionIds?: readonly string[]
}

/** `ended`: the receiver answered 410. A subscription that failed is paused, never removed. */
export type SubscriptionStatus = 'enabled' | 'paused' | 'ended'

/** Who is told of changes, as the store keeps it. The signing keys are secrets it points at. */
export interface Subscription {
  readonly id: string
  readonly tenant: string
  readonly name?: string
  readonly target: SubscriptionTarget
  readonly filter: SubscriptionFilter
  readonly status: SubscriptionStatus
  /** A code that says why it is not enabled. */
  readonly reason?: string
  /** How many names its signing key ever had. */
  readonly generations: number
  /** Of webhooks. */
  readonly secret?: SecretPointer
  /** The key before, which signs beside the new one until then. */
  readonly previousSecret?: SecretPointer
  readonly previousUntilMs?: number
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly createdBy: string
  /** Rises with each change, and numbers the subscription's own events. */
  readonly version: number
  readonly lastSuccessAtMs?: number
  readonly op: string
}

/** Whether a subscription wants this event. */
export function wants({ filter }: Pick<Subscription, 'filter'>, event: VaultEvent): boolean {
  const { types, appIds, connectionIds } = filter
  if (types !== undefined && !types.includes(event.type)) return false
  const appId = isChangeEvent(event) ? event.app_id : undefined
  if (appIds !== undefined && (appId === undefined || !appIds.includes(appId))) return false
  if (connectionIds === undefined) return true
  return event.connection_id !== undefined && connectionIds.includes(event.connection_id)
}

/** Events that keep an order among each other: one subscription's about one connection. */
export function laneOf(subscriptionId: string, event: VaultEvent): string {
  return `${subscriptionId}#${event.connection_id ?? subscriptionId}`
}
