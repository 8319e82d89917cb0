import { findConnector, findSetupOf } from '../../connectors/catalogue.ts'
import type { ConnectionRow, ConnectionStatus } from '../../domain/connection.ts'
import { connectionsPartition, tombstonesPartition } from '../../domain/keys.ts'
import { pagesOf } from '../../ports/pages-of.ts'
import type { Ports } from '../../ports/ports.ts'
import { LISTED_ATTRIBUTES, type ListedConnection, listedOf } from '../../rows/connection-row.ts'
import { TOMBSTONE_ROWS, type Tombstone } from '../../rows/tombstone-row.ts'
import { RESTORABLE_MS } from '../commit/tombstones.ts'
import { listFreezes } from '../freezes/list-freezes.ts'
import { missingScopes } from '../grants/grant-records.ts'
import { inTurns, sortedInTurns } from './in-turns.ts'

/** How many rows one read looks at: a page of about 1 KB rows that DynamoDB answers at once. */
const READ_ROWS = 500
const DAY_MS = 86_400_000
/** A deadline this near needs somebody to look after it. */
const NEAR_DEADLINE_DAYS = 7

/** The orders a list can be in; none is the order of creation. */
export const CONNECTION_SORTS = ['app', 'name', 'used', 'created', 'state'] as const
export type ConnectionSort = (typeof CONNECTION_SORTS)[number]

/** Which connections are meant; every member that is there narrows it. */
export interface ConnectionFilter {
  readonly appIds?: readonly string[]
  readonly statuses?: readonly ConnectionStatus[]
  /** Case-insensitive part of the name, of the account by any of its names, or of the app's label; or a whole id. */
  readonly q?: string
  /** Those that wait for somebody: to enter, authorize, replace or grant. */
  readonly needsPerson?: true
  readonly frozen?: boolean
  /** Those that no flow has ever fetched. */
  readonly unused?: true
  /** Those that use this OAuth application. */
  readonly oauthAppId?: string
  /** Those that stop before that instant, in epoch ms, unless a person does something. */
  readonly expiresBeforeMs?: number
  /** Those that were deleted and can be restored, in the place of those that are there. */
  readonly deleted?: true
}

/** A connection, as far as it was read, with what stands beside its row. */
export interface BrowsedConnection {
  readonly row: ListedConnection
  /** Of one that was deleted all is read. */
  readonly deleted?: { readonly row: ConnectionRow; readonly deletedAtMs: number }
  /** Whether it waits for somebody; one that is frozen waits for nothing but its end. */
  readonly needsPerson: boolean
}

/** All that fit, in the order of creation. Reads the tenant's rows once. */
export async function* browseConnections(
  ports: Pick<Ports, 'items' | 'clock'>,
  tenant: string,
  filter: ConnectionFilter,
): AsyncGenerator<BrowsedConnection> {
  const nowMs = ports.clock.nowMs()
  const freezes = await listFreezes(ports, tenant)
  const frozen = new Set(freezes.flatMap(({ appId, connectionId }) => [appId, connectionId]))
  const query =
    filter.deleted === true
      ? { partition: tombstonesPartition(tenant) }
      : { partition: connectionsPartition(tenant), only: LISTED_ATTRIBUTES }
  for await (const slice of inTurns(pagesOf(ports.items, { ...query, limit: READ_ROWS }))) {
    for (const { attributes } of slice) {
      const deleted =
        filter.deleted === true ? restorable(TOMBSTONE_ROWS.decode(attributes), nowMs) : undefined
      if (filter.deleted === true && deleted === undefined) continue
      const row = deleted?.row ?? listedOf(attributes)
      const isFrozen = frozen.has(row.id) || frozen.has(row.appId)
      const needs = deleted === undefined && !isFrozen && needsPerson(row, nowMs)
      if (!matches(row, filter, { isFrozen, needs })) continue
      yield { row, needsPerson: needs, ...(deleted === undefined ? {} : { deleted }) }
    }
  }
}

function restorable(
  { row, deletedAtMs, purge }: Tombstone,
  nowMs: number,
): { row: ConnectionRow; deletedAtMs: number } | undefined {
  return purge || deletedAtMs + RESTORABLE_MS <= nowMs ? undefined : { row, deletedAtMs }
}

/** Whether the connection waits for somebody, frozen or not. */
function needsPerson(row: ListedConnection, nowMs: number): boolean {
  if (row.status === 'empty' || row.status === 'reauthorization_required') return true
  const setup = findSetupOf(row.appId, row.setupType)
  if (row.status === 'pending') {
    return row.failure === undefined || setup?.grant?.kind === 'authorization-code'
  }
  if (setup !== undefined && missingScopes(setup, row).length > 0) return true
  return endsAtMs(row) - nowMs <= NEAR_DEADLINE_DAYS * DAY_MS
}

/** When the connection stops unless a person does something, as far as that is known: what renewals move is no end. */
export function endsAtMs(row: ListedConnection): number {
  return Math.min(
    row.credentialExpiresAtMs ?? Number.POSITIVE_INFINITY,
    row.grants?.['main']?.refreshExpiresAtMs ?? Number.POSITIVE_INFINITY,
  )
}

function matches(
  row: ListedConnection,
  filter: ConnectionFilter,
  { isFrozen, needs }: { isFrozen: boolean; needs: boolean },
): boolean {
  if (filter.appIds !== undefined && !filter.appIds.includes(row.appId)) return false
  if (filter.statuses !== undefined && !filter.statuses.includes(row.status)) return false
  if (filter.frozen !== undefined && filter.frozen !== isFrozen) return false
  if (filter.needsPerson === true && !needs) return false
  if (filter.expiresBeforeMs !== undefined && !(endsAtMs(row) < filter.expiresBeforeMs)) return false
  if (filter.oauthAppId !== undefined && filter.oauthAppId !== row.oauthAppId) return false
  if (filter.unused === true && row.lastFetchedHour !== undefined) return false
  if (filter.q === undefined) return true
  const wanted = filter.q.toLowerCase()
  const { name, accountName, account } = row
  const texts = [name, accountName, account?.email, account?.id, labelOf(row)]
  return row.id === filter.q || texts.some((text) => text?.toLowerCase().includes(wanted))
}

/** What a list is sorted by: severity first for states, newest first for times. */
const STATE_ORDER: readonly ConnectionStatus[] = [
  'reauthorization_required',
  'empty',
  'pending',
  'degraded',
  'ready',
]

/** What a row is compared by, worked out once; a number, or a text without regard to case. */
type SortKey = readonly (string | number)[]

const SORT_KEYS: Readonly<Record<ConnectionSort, (row: ListedConnection) => SortKey>> = {
  app: (row) => [labelOf(row).toLowerCase(), row.name.toLowerCase()],
  name: (row) => [row.name.toLowerCase()],
  used: (row) => [-(row.lastFetchedHour ?? -1)],
  created: (row) => [-row.createdAtMs],
  state: (row) => [STATE_ORDER.indexOf(row.status), row.name.toLowerCase()],
}

/** In that order; what is equal in it is in the order of creation. */
export async function sortConnections<Found extends Pick<BrowsedConnection, 'row'>>(
  found: readonly Found[],
  sort: ConnectionSort,
): Promise<Found[]> {
  const keyed: { readonly each: Found; readonly key: SortKey }[] = []
  for await (const slice of inTurns([found])) {
    for (const each of slice) keyed.push({ each, key: [...SORT_KEYS[sort](each.row), each.row.id] })
  }
  const sorted = await sortedInTurns(keyed, (a, b) => compareKeys(a.key, b.key))
  return sorted.map(({ each }) => each)
}

function compareKeys(a: SortKey, b: SortKey): number {
  const at = a.findIndex((part, index) => part !== b[index])
  return at < 0 ? 0 : a[at]! < b[at]! ? -1 : 1
}

/** Apps by their labels, as `sort: app` has them. */
export function compareApps(a: string, b: string): number {
  return compareKeys([labelOf({ appId: a }).toLowerCase(), a], [labelOf({ appId: b }).toLowerCase(), b])
}

function labelOf({ appId }: Pick<ConnectionRow, 'appId'>): string {
  return findConnector(appId)?.label ?? appId
}
