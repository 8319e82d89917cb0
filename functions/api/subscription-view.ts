import * as z from 'zod/mini'
import { APP_IDS } from '../../shared/connectors/catalogue.ts'
import { EVENT_TYPES } from '../../shared/domain/change-event.ts'
import type { Delivery } from '../../shared/domain/delivery.ts'
import { VaultError } from '../../shared/domain/errors.ts'
import { MAX_ID_LENGTH } from '../../shared/domain/ids.ts'
import type {
  Subscription,
  SubscriptionFilter,
  SubscriptionTarget,
} from '../../shared/domain/subscription.ts'
import { textOfLength } from './common-schemas.ts'

const MAX_NAME_LENGTH = 150
const MAX_URL_LENGTH = 2048
/** A filter of more connections than this is better written as one of apps, or none. */
const MAX_FILTER_IDS = 100

/** What a subscription's target and filter are, in bodies. */
export const SUBSCRIPTION_FIELDS = {
  name: z.optional(textOfLength({ minimum: 1, maximum: MAX_NAME_LENGTH })),
  url: z.optional(z.string().check(z.minLength(1), z.maxLength(MAX_URL_LENGTH))),
  target_connection_id: z.optional(z.string().check(z.minLength(1), z.maxLength(MAX_ID_LENGTH))),
  types: z.optional(z.array(z.enum(EVENT_TYPES)).check(z.minLength(1), z.maxLength(EVENT_TYPES.length))),
  app_ids: z.optional(
    z.array(z.enum(APP_IDS as [string, ...string[]])).check(z.minLength(1), z.maxLength(APP_IDS.length)),
  ),
  connection_ids: z.optional(
    z
      .array(z.string().check(z.minLength(1), z.maxLength(MAX_ID_LENGTH)))
      .check(z.minLength(1), z.maxLength(MAX_FILTER_IDS)),
  ),
}

/** The same in a change, where null takes a name or a part of the filter away. */
export const SUBSCRIPTION_CHANGES = {
  ...SUBSCRIPTION_FIELDS,
  name: nullish(SUBSCRIPTION_FIELDS.name),
  types: nullish(SUBSCRIPTION_FIELDS.types),
  app_ids: nullish(SUBSCRIPTION_FIELDS.app_ids),
  connection_ids: nullish(SUBSCRIPTION_FIELDS.connection_ids),
}

function nullish<Schema extends z.ZodMiniType>(field: z.ZodMiniOptional<Schema>) {
  return z.optional(z.nullable(field.def.innerType))
}

const fieldsSchema = z.strictObject(SUBSCRIPTION_FIELDS)
type Fields = z.output<typeof fieldsSchema>
const changesSchema = z.strictObject(SUBSCRIPTION_CHANGES)
type Changes = z.output<typeof changesSchema>

/** The target that a body names; undefined when it names none. Throws `invalid-body` for two. */
export function targetOf({
  url,
  target_connection_id,
}: Pick<Fields, 'url' | 'target_connection_id'>): SubscriptionTarget | undefined {
  if (url !== undefined && target_connection_id !== undefined) {
    throw new VaultError('invalid-body', 'A subscription has one target', {
      field: 'target_connection_id',
      allowed: 'url or target_connection_id, one of the two',
    })
  }
  if (url !== undefined) return { kind: 'webhook', url }
  if (target_connection_id === undefined) return undefined
  return { kind: 'connection', connectionId: target_connection_id }
}

/** The filter that a body names. */
export function filterOf({ types, app_ids, connection_ids }: Fields): SubscriptionFilter {
  return {
    ...(types === undefined ? {} : { types }),
    ...(app_ids === undefined ? {} : { appIds: app_ids }),
    ...(connection_ids === undefined ? {} : { connectionIds: connection_ids }),
  }
}

/** What a change does to the filter: null takes a part of it away. */
export function filterChangeOf({ types, app_ids, connection_ids }: Changes) {
  return {
    ...(types === undefined ? {} : { types }),
    ...(app_ids === undefined ? {} : { appIds: app_ids }),
    ...(connection_ids === undefined ? {} : { connectionIds: connection_ids }),
  }
}

/** A subscription as it is shown; its signing secret is not. */
export const subscriptionSchema = z.object({
  id: z.string(),
  name: z.nullable(z.string()),
  url: z.nullable(z.string()),
  target_connection_id: z.nullable(z.string()),
  types: z.nullable(z.array(z.string())),
  app_ids: z.nullable(z.array(z.string())),
  connection_ids: z.nullable(z.array(z.string())),
  status: z.enum(['enabled', 'paused', 'ended']),
  reason: z.nullable(z.string()),
  previous_secret_until: z.nullable(z.string()),
  last_success_at: z.nullable(z.string()),
  created_at: z.string(),
  created_by: z.string(),
  updated_at: z.string(),
})

/** With the signing secret, in the one answer that shows it. */
export const subscriptionWithSecretSchema = z.extend(subscriptionSchema, {
  secret: z.nullable(z.string()),
})

/** The subscription for an answer. */
export function subscriptionView(subscription: Subscription): z.output<typeof subscriptionSchema> {
  const { target, filter } = subscription
  return {
    id: subscription.id,
    name: subscription.name ?? null,
    url: target.kind === 'webhook' ? target.url : null,
    target_connection_id: target.kind === 'connection' ? target.connectionId : null,
    types: filter.types === undefined ? null : [...filter.types],
    app_ids: filter.appIds === undefined ? null : [...filter.appIds],
    connection_ids: filter.connectionIds === undefined ? null : [...filter.connectionIds],
    status: subscription.status,
    reason: subscription.reason ?? null,
    previous_secret_until: isoOrNull(subscription.previousUntilMs),
    last_success_at: isoOrNull(subscription.lastSuccessAtMs),
    created_at: iso(subscription.createdAtMs),
    created_by: subscription.createdBy,
    updated_at: iso(subscription.updatedAtMs),
  }
}

/** What came of a replay: how many are on their way, and where to go on while there is more. */
export const replayedSchema = z.object({ queued: z.int(), after: z.string(), more: z.boolean() })

/** One delivery with its tries, newest last. */
export const deliverySchema = z.object({
  event_id: z.string(),
  type: z.string(),
  connection_id: z.nullable(z.string()),
  status: z.enum(['pending', 'delivered', 'dead', 'skipped']),
  queued_at: z.string(),
  next_attempt_at: z.nullable(z.string()),
  tries: z.int(),
  attempts: z.array(
    z.object({
      status: z.nullable(z.int()),
      timestamp: z.string(),
      error_message: z.nullable(z.string()),
      duration: z.int(),
    }),
  ),
})

/** The delivery for an answer. */
export function deliveryView(delivery: Delivery): z.output<typeof deliverySchema> {
  return {
    event_id: delivery.event.id,
    type: delivery.event.type,
    connection_id: delivery.event.connection_id ?? null,
    status: delivery.status,
    queued_at: iso(delivery.queuedAtMs),
    next_attempt_at: isoOrNull(delivery.nextAtMs),
    tries: delivery.tries,
    attempts: delivery.attempts.map(({ status, atMs, error, durationMs }) => ({
      status: status ?? null,
      timestamp: iso(atMs),
      error_message: error ?? null,
      duration: durationMs,
    })),
  }
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString()
}

function isoOrNull(atMs: number | undefined): string | null {
  return atMs === undefined ? null : iso(atMs)
}
