/** The kinds of change that reach flows. */
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

/**
 * What happened to a connection, written in the same transaction as the change. Ids and numbers only: an event
 * travels through queues and buses, so it never carries a secret, a name or a label.
 */
export interface ChangeEvent {
  readonly id: string
  readonly type: ChangeEventType
  readonly tenant: string
  readonly connection_id: string
  readonly app_id: string
  readonly version: number
  readonly credential_version: number
  readonly sequence: number
  /** ISO 8601 with milliseconds. */
  readonly occurred_at: string
  /** Names of the fields that changed. */
  readonly changed: readonly string[]
}

/** Design: the feed answers 410 for events older than this. */
export const EVENT_RETENTION_DAYS = 30
