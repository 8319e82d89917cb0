import { bucketOf } from './ids.ts'
import type { ItemKey } from './item-key.ts'

/*
 * The keys of what belongs to a tenant are built here: each begins with its tenant, so that one tenant's keys can never
 * name another's items (and an IAM condition on the leading key could say so). Beside it `sealed-keys.ts` has those of
 * ciphertexts, `limit-keys.ts` those of limits, `tool-keys.ts` of commands, `store-keys.ts` of what is nobody's.
 */

/** Design: 32 shards carry 10 M hourly connections at 190 index writes a second each, of 1,000 allowed. */
export const ROTATION_SHARDS = 32
/** Intents, tombstones and rescues are few: a handful of shards spares `reconcile` queries. */
const WORK_SHARDS = 4
/** Design: 3,030 rotations a second write two index entries an event; 16 shards take 380 a second each, of 1,000 allowed. */
export const OUTBOX_SHARDS = 16
/** Concurrent creates of one tenant meet in its counter; shards keep DynamoDB transactions from colliding. */
export const COUNTER_SHARDS = 8
/** Keeps sequence numbers in order as text: a connection changing each second fills it in 31,000 years. */
const SEQUENCE_DIGITS = 12

/** Holds a tenant's connection rows; ascending ids are in the order of creation. */
export function connectionsPartition(tenant: string): string {
  return `TENANT#${tenant}#CONNECTIONS`
}

/** A connection's row. */
export function connectionKey(tenant: string, id: string): ItemKey {
  return { partition: connectionsPartition(tenant), sort: id }
}

/** Holds what is left of a tenant's deleted connections until they can no longer be restored. */
export function tombstonesPartition(tenant: string): string {
  return `TENANT#${tenant}#TOMBSTONES`
}

/** What is left of a deleted connection. */
export function tombstoneKey(tenant: string, id: string): ItemKey {
  return { partition: tombstonesPartition(tenant), sort: id }
}

/** A write under way, by its operation, for reconcile to undo or finish. */
export function intentKey(tenant: string, op: string): ItemKey {
  return { partition: `TENANT#${tenant}#INTENTS`, sort: op }
}

/** A grant that was minted and not committed, by connection and operation. */
export function rescueKey(tenant: string, id: string, op: string): ItemKey {
  return { partition: rescuesPartition(tenant), sort: `${id}#${op}` }
}

/** Where the rescues of one connection are. */
export function rescuesOf(tenant: string, id: string): { partition: string; sortPrefix: string } {
  return { partition: rescuesPartition(tenant), sortPrefix: `${id}#` }
}

/** Holds the rescues of a tenant's connections. */
export function rescuesPartition(tenant: string): string {
  return `TENANT#${tenant}#RESCUES`
}

/** Holds the change events of a tenant's connections, connection by connection. */
export function eventsPartition(tenant: string): string {
  return `TENANT#${tenant}#EVENTS`
}

/** What the sort keys of one connection's events begin with. */
export function eventSortPrefix(connectionId: string): string {
  return `${connectionId}#`
}

/** The sort part of an event's key; ascending within a connection. */
export function eventSort(connectionId: string, sequence: number): string {
  return `${eventSortPrefix(connectionId)}${String(sequence).padStart(SEQUENCE_DIGITS, '0')}`
}

/** What a sort key of `eventSort` says; undefined for any other text. */
export function findEventSortParts(sort: string): { ownerId: string; sequence: number } | undefined {
  const match = /^([^#]+)#(\d+)$/.exec(sort)
  return match === null ? undefined : { ownerId: match[1]!, sequence: Number(match[2]) }
}

/** One change event. */
export function eventKey(tenant: string, connectionId: string, sequence: number): ItemKey {
  return { partition: eventsPartition(tenant), sort: eventSort(connectionId, sequence) }
}

/** The shard of the due index in which an event waits to be published; a connection's events share one. */
export function outboxShard(ownerId: string): string {
  return outboxShardAt(bucketOf(ownerId, OUTBOX_SHARDS))
}

/** Every shard that `outboxShard` may name. */
export function outboxShards(): string[] {
  return Array.from({ length: OUTBOX_SHARDS }, (_, index) => outboxShardAt(index))
}

function outboxShardAt(index: number): string {
  return `outbox#${String(index).padStart(2, '0')}`
}

/** Holds a tenant's events in the order in which they were published. */
export function feedPartition(tenant: string): string {
  return `TENANT#${tenant}#FEED`
}

/** The sort part of a feed item's key; ascending with its number. */
export function feedSort(number: number): string {
  return String(number).padStart(SEQUENCE_DIGITS, '0')
}

/** One item of the feed, by its number. */
export function feedKey(tenant: string, number: number): ItemKey {
  return { partition: feedPartition(tenant), sort: feedSort(number) }
}

/** Holds the number of the newest item of a tenant's feed. */
export function feedHeadKey(tenant: string): ItemKey {
  return { partition: `TENANT#${tenant}#FEED_HEAD`, sort: 'head' }
}

/** Holds which flows say that they use which connection. */
export function flowsPartition(tenant: string): string {
  return `TENANT#${tenant}#FLOWS`
}

/** What the sort keys of one connection's flows begin with. */
export function flowSortPrefix(connectionId: string): string {
  return `${connectionId}#`
}

/** One flow of a connection. */
export function flowKey(tenant: string, connectionId: string, flowId: string): ItemKey {
  return { partition: flowsPartition(tenant), sort: `${flowSortPrefix(connectionId)}${flowId}` }
}

/** Holds how often clients fetched a tenant's connections. */
export function usagePartition(tenant: string): string {
  return `TENANT#${tenant}#USAGE`
}

/** What the sort keys of one connection's usage begin with. */
export function usageSortPrefix(connectionId: string): string {
  return `${connectionId}#`
}

/** How often one client fetched one connection, for the flow that it names or for none; a flow's id has no `#`. */
export function usageKey(tenant: string, connectionId: string, client: string, flow = ''): ItemKey {
  return { partition: usagePartition(tenant), sort: `${usageSortPrefix(connectionId)}${client}#${flow}` }
}

/** Holds what narrows a tenant's clients. */
export function permitsPartition(tenant: string): string {
  return `TENANT#${tenant}#PERMITS`
}

/** One permit. */
export function permitKey(tenant: string, id: string): ItemKey {
  return { partition: permitsPartition(tenant), sort: id }
}

/** Holds a tenant's subscriptions. */
export function subscriptionsPartition(tenant: string): string {
  return `TENANT#${tenant}#SUBSCRIPTIONS`
}

/** One subscription. */
export function subscriptionKey(tenant: string, id: string): ItemKey {
  return { partition: subscriptionsPartition(tenant), sort: id }
}

/** Holds what was sent to a tenant's subscriptions, and what is to be sent. */
export function deliveriesPartition(tenant: string): string {
  return `TENANT#${tenant}#DELIVERIES`
}

/** What the sort keys of one subscription's deliveries begin with. */
export function deliverySortPrefix(subscriptionId: string): string {
  return `${subscriptionId}#`
}

/** One event to one subscription: `place` is its number in the feed, or the id of a test. */
export function deliveryKey(tenant: string, subscriptionId: string, place: number | string): ItemKey {
  const last = typeof place === 'number' ? feedSort(place) : place
  return { partition: deliveriesPartition(tenant), sort: `${deliverySortPrefix(subscriptionId)}${last}` }
}

/** The shard of the due index in which deliveries wait for the process that sends them. */
export function deliveryShard(): string {
  return 'deliver#0'
}

/** Holds how many connections a tenant has, spread over shards. */
export function countersPartition(tenant: string): string {
  return `TENANT#${tenant}#COUNTERS`
}

/** What the sort keys of the counters of connections begin with. */
export const CONNECTION_COUNTERS = 'connections#'

/** The number of the counter that a connection counts in, which is the same for every tenant. */
export function connectionCounterOf(id: string): number {
  return bucketOf(id, COUNTER_SHARDS)
}

/** Every counter of a tenant's connections, by its number. */
export function connectionCounterKeys(tenant: string): ItemKey[] {
  const partition = countersPartition(tenant)
  return Array.from({ length: COUNTER_SHARDS }, (_, shard) => ({
    partition,
    sort: `${CONNECTION_COUNTERS}${shard}`,
  }))
}

/** `sort` is made by `idempotencySort`. */
export function idempotencyKey(tenant: string, sort: string): ItemKey {
  return { partition: `TENANT#${tenant}#IDEMPOTENCY`, sort }
}

/** A key belongs to its client: two clients of a tenant may use the same one. */
export function idempotencySort(clientId: string, headerDigest: string): string {
  return `${clientId}#${headerDigest}`
}

/** Holds a tenant's freezes. */
export function freezesPartition(tenant: string): string {
  return `TENANT#${tenant}#FREEZES`
}

/** One freeze. */
export function freezeKey(tenant: string, id: string): ItemKey {
  return { partition: freezesPartition(tenant), sort: id }
}

/** Holds a tenant's OAuth applications, and which is the default of each app. */
export function oauthAppsPartition(tenant: string): string {
  return `TENANT#${tenant}#OAUTH_APPS`
}

/** What the ids, and so the sort keys, of applications begin with; those of defaults do not. */
export const OAUTH_APP_PREFIX = 'oa_'

/** An OAuth application. */
export function oauthAppKey(tenant: string, id: string): ItemKey {
  return { partition: oauthAppsPartition(tenant), sort: id }
}

/** What names an app's default application. */
export function defaultOauthAppKey(tenant: string, appId: string): ItemKey {
  return { partition: oauthAppsPartition(tenant), sort: `default#${appId}` }
}

/** An authorization is found by its id alone, a digest of its state: the callback names no tenant, the item does. */
export function authorizationKey(id: string): ItemKey {
  return { partition: `STATE#${id}`, sort: 'state' }
}

/** Whether a key is an authorization's. */
export function isAuthorizationKey({ partition }: ItemKey): boolean {
  return partition.startsWith('STATE#')
}

/** Which connection an imported token belongs to; `digest` is keyed. */
export function importedGrantKey(tenant: string, digest: string): ItemKey {
  return { partition: `TENANT#${tenant}#IMPORTED`, sort: digest }
}

/** The claim of a code that was sent to its provider; `digest` is keyed. */
export function codeClaimKey(tenant: string, digest: string): ItemKey {
  return { partition: `TENANT#${tenant}#CODES`, sort: digest }
}

/** The shard of the due index in which a connection waits for its rotation. */
export function rotationShard(id: string): string {
  return `rotation#${String(bucketOf(id, ROTATION_SHARDS)).padStart(2, '0')}`
}

/** The shard of the due index in which something else waits for reconcile. */
export function workShard(id: string): string {
  return workShardAt(bucketOf(id, WORK_SHARDS))
}

/** Every shard that `workShard` may name. */
export function workShards(): string[] {
  return Array.from({ length: WORK_SHARDS }, (_, index) => workShardAt(index))
}

function workShardAt(index: number): string {
  return `work#${index}`
}

/** What the daily comparison of both stores saw amiss, until it is seen again or gone. */
export function sightingKey(tenant: string, what: string): ItemKey {
  return { partition: `TENANT#${tenant}#SIGHTINGS`, sort: what }
}

/** The tenant and the kind of a partition that belongs to one (`CONNECTIONS`, …), or undefined. */
export function findPartitionParts(partition: string): { tenant: string; kind: string } | undefined {
  const [prefix, tenant, kind] = partition.split('#')
  return prefix === 'TENANT' && tenant !== undefined && kind !== undefined ? { tenant, kind } : undefined
}
