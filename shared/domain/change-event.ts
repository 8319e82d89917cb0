/** The kinds of change to a connection that reach flows. */
export const CHANGE_EVENT_TYPES = [
  'connection.created',
  'connection.updated',
  'connection.credentials_rotated',
  'connection.degraded',
  'connection.recovered',
  'connection.authorization_expiring',
  'connection.reauthorization_required',
  'connection.frozen',
  'connection.unfrozen',
  'connection.deleted',
] as const

export type ChangeEventType = (typeof CHANGE_EVENT_TYPES)[number]

/** What happens to a subscription itself, told in the feed so that a silent consumer is noticed. */
export const SUBSCRIPTION_EVENT_TYPES = [
  'subscription.paused',
  'subscription.resumed',
  'subscription.ended',
  'subscription.delivery_failed',
  'subscription.test',
] as const

export type SubscriptionEventType = (typeof SUBSCRIPTION_EVENT_TYPES)[number]

/** Every type of event there is, in the order in which documents list them. */
export const EVENT_TYPES = [...CHANGE_EVENT_TYPES, ...SUBSCRIPTION_EVENT_TYPES] as const

export type EventType = (typeof EVENT_TYPES)[number]

/** Who caused an event: a client of the vault by its id. An event without one is the vault's own doing. */
export type EventActor = { readonly id: string }

/** The same with the name of the person, where a token says one: rows keep it, events do not. */
export type Actor = EventActor & { readonly name?: string }

/** The member that says who it was; nothing where nobody is known. */
export function actorOf({ actor }: { readonly actor?: EventActor | undefined }): { actor?: EventActor } {
  return actor === undefined ? {} : { actor: { id: actor.id } }
}

interface EventBase {
  readonly id: string
  readonly tenant: string
  /** ISO 8601 with milliseconds. */
  readonly occurred_at: string
  readonly actor?: EventActor
}

/**
 * What happened to a connection, written in the same transaction as the change. Ids and numbers only: an event
 * travels through queues and buses, so it never carries a secret, a name or a label.
 */
export interface ChangeEvent extends EventBase {
  readonly type: ChangeEventType
  readonly connection_id: string
  readonly app_id: string
  readonly version: number
  readonly credential_version: number
  readonly sequence: number
  /** Names of the fields that changed. */
  readonly changed: readonly string[]
}

/** What happened to a subscription: ids and codes only. */
export interface SubscriptionEvent extends EventBase {
  readonly type: SubscriptionEventType
  readonly subscription_id: string
  /** A code, such as `failing` or `gone`. */
  readonly reason: string
  /** The event that was given up, of `subscription.delivery_failed`. */
  readonly event_id?: string
  readonly connection_id?: string
}

/** Anything the feed can hold. */
export type VaultEvent = ChangeEvent | SubscriptionEvent

/** Design: the feed answers 410 for events older than this. */
export const EVENT_RETENTION_DAYS = 30

const EVENT_RETENTION_S = EVENT_RETENTION_DAYS * 86_400

/** The second after which a store may remove what is kept as long as the feed promises. */
export function eventExpiryS(occurredAtMs: number): number {
  return Math.floor(occurredAtMs / 1000) + EVENT_RETENTION_S
}

/** The second in which what may be removed after this one was published. */
export function publishedAtS(expiresAtS: number): number {
  return expiresAtS - EVENT_RETENTION_S
}

/** Whether an event is about a connection. */
export function isChangeEvent(event: VaultEvent): event is ChangeEvent {
  return isChangeType(event.type)
}

/** Whether events of this type are about connections. */
export function isChangeType(type: EventType): type is ChangeEventType {
  return type.startsWith('connection.')
}
