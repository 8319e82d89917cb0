import {
  actorOf,
  type ChangeEvent,
  EVENT_TYPES,
  isChangeEvent,
  type SubscriptionEvent,
  type VaultEvent,
} from '../domain/change-event.ts'
import type { Attributes } from '../ports/item-store.ts'
import { rowCodec } from './row-codec.ts'
import { isUndoneCreation } from './undone-row.ts'

/** Events, as the outbox and the feed hold them. */
export const EVENT_ROWS = rowCodec<VaultEvent>('event', 1)

/** The number of the newest event in a tenant's feed, as it is stored. */
export const FEED_HEAD_ROWS = rowCodec<{ readonly number: number }>('head of a feed', 1)

/**
 * The event of an outbox or feed item, without what the store keeps beside it; undefined when the item does not
 * hold one. What is no whole event is told apart from what is, so that it stops nobody else's; one of another format
 * is refused, and left for a release that reads it.
 */
export function eventOf(stored: Attributes): VaultEvent | undefined {
  if (isUndoneCreation(stored)) return undefined
  const event = EVENT_ROWS.decode(stored)
  const { id, type, tenant, occurred_at } = event
  const isWhole = [id, tenant, occurred_at].every((text) => typeof text === 'string')
  if (!isWhole || !EVENT_TYPES.includes(type)) return undefined
  const base = { id, tenant, occurred_at, ...actorOf(event) }
  return isChangeEvent(event) ? changeEventOf(event, base) : subscriptionEventOf(event, base)
}

type Base = Pick<VaultEvent, 'id' | 'tenant' | 'occurred_at' | 'actor'>

function changeEventOf(event: ChangeEvent, base: Base): ChangeEvent | undefined {
  const { type, connection_id, app_id, version, credential_version, sequence, changed } = event
  const numbers = [version, credential_version, sequence]
  const isWhole = typeof connection_id === 'string' && typeof app_id === 'string' && Array.isArray(changed)
  if (!isWhole || !numbers.every((number) => Number.isSafeInteger(number))) return undefined
  return { ...base, type, connection_id, app_id, version, credential_version, sequence, changed }
}

function subscriptionEventOf(event: SubscriptionEvent, base: Base): SubscriptionEvent | undefined {
  const { type, subscription_id, reason, event_id, connection_id } = event
  if (typeof subscription_id !== 'string' || typeof reason !== 'string') return undefined
  return {
    ...base,
    type,
    subscription_id,
    reason,
    ...(event_id === undefined ? {} : { event_id }),
    ...(connection_id === undefined ? {} : { connection_id }),
  }
}
