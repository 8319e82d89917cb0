import { findPartitionParts } from '../../../shared/domain/keys.ts'
import { findSealedGrant, secretIdOfPartition } from '../../../shared/domain/sealed-keys.ts'
import type { ItemKey } from '../../../shared/ports/item-store.ts'
import { ToolError } from '../../tool-command.ts'

/**
 * What a move does with a kind of items. `connection`, `owner`: with the secrets and tokens that it points at ·
 * `as-it-is` · `events`: tenant by tenant, in their order · `stays`: not moved.
 */
export type Way = 'connection' | 'owner' | 'as-it-is' | 'events' | 'stays'

/** Every kind of items that belongs to a tenant; the reason for each that stays is in docs/deploy.md, "Move in". */
export const MOVED_KINDS: Readonly<Record<string, Way>> = {
  CONNECTIONS: 'connection',
  OAUTH_APPS: 'owner',
  SUBSCRIPTIONS: 'owner',
  PERMITS: 'as-it-is',
  FREEZES: 'as-it-is',
  FLOWS: 'as-it-is',
  USAGE: 'as-it-is',
  COUNTERS: 'as-it-is',
  EVENTS: 'events',
  FEED: 'events',
  FEED_HEAD: 'events',
  // Settled before anything is copied.
  INTENTS: 'stays',
  RESCUES: 'stays',
  // Digests by the source's key: those that still matter are made anew with their connection.
  IMPORTED: 'stays',
  // Their secrets wait for deletion, and Secrets Manager opens none that does.
  TOMBSTONES: 'stays',
  // What is not delivered yet is told anew by the target.
  DELIVERIES: 'stays',
  // Good for an hour, a day or three days.
  CODES: 'stays',
  IDEMPOTENCY: 'stays',
  REFUSED_CHANGES: 'stays',
  SIGHTINGS: 'stays',
  // Of the running vault alone.
  BUDGETS: 'stays',
  TURNS: 'stays',
  BREAKERS: 'stays',
  KEY_MOVE: 'stays',
}

/** What begins the partitions that belong to no tenant's rows: sealed values go with their rows, the rest stays. */
const OTHER_PARTITIONS = ['ACCESS#', 'REFRESH#', 'SECRET#', 'STATE#', 'VAULT']

interface MovedPlace {
  readonly tenant: string
  readonly kind: string
  readonly way: Way
}

/**
 * What a move does with an item, and whose it is; undefined for what moves with others or not at all. Throws
 * `ToolError` for a kind that nobody has decided on, because leaving it behind could lose something.
 */
export function wayOf(key: ItemKey): MovedPlace | undefined {
  const parts = findPartitionParts(key.partition)
  if (parts !== undefined) {
    const way = Object.hasOwn(MOVED_KINDS, parts.kind) ? MOVED_KINDS[parts.kind] : undefined
    if (way !== undefined) return { ...parts, way }
  } else if (OTHER_PARTITIONS.some((prefix) => key.partition.startsWith(prefix))) return undefined
  throw new ToolError(
    `There are items of a kind that this release does not know how to move: ${parts?.kind ?? key.partition}.`,
  )
}

/** The same for an item that is moved by itself, with what it points at; undefined for every other. */
export function rowWayOf(key: ItemKey): MovedPlace | undefined {
  const place = wayOf(key)
  return place === undefined || place.way === 'events' || place.way === 'stays' ? undefined : place
}

const NARROWING: readonly string[] = ['PERMITS', 'FREEZES']

/**
 * Whether an item narrows what is served: it is there before what it narrows, and a target that has some is in use.
 */
export function isNarrowing(key: ItemKey): boolean {
  return NARROWING.includes(wayOf(key)?.kind ?? '')
}

/** Whether an item shows that a vault has been used: what is moved there would mix with it. */
export function isInUse(key: ItemKey): boolean {
  if (findSealedGrant(key) !== undefined || secretIdOfPartition(key.partition) !== undefined) return true
  return isNarrowing(key) || ['connection', 'owner', 'events'].includes(wayOf(key)?.way ?? '')
}
