import type { ConnectionRow } from '../../domain/connection.ts'
import {
  CONNECTION_COUNTERS,
  COUNTER_SHARDS,
  connectionKey,
  connectionsPartition,
  countersPartition,
} from '../../domain/keys.ts'
import type { Ports } from '../../ports/ports.ts'
import { CONNECTION_ROWS, type ListedConnection } from '../../rows/connection-row.ts'
import { CONNECTION_COUNT_ROWS } from '../../rows/count-rows.ts'
import {
  type BrowsedConnection,
  browseConnections,
  type ConnectionFilter,
  type ConnectionSort,
  compareApps,
  sortConnections,
} from './browse-connections.ts'

export interface ListConnectionsInput {
  readonly tenant: string
  readonly page: number
  readonly perPage: number
  readonly includeTotals: boolean
  readonly filter: ConnectionFilter
  /** The order of creation when absent. */
  readonly sort?: ConnectionSort
}

export interface ConnectionList {
  readonly found: readonly FoundConnection[]
  /** Present when asked for. */
  readonly total?: number
}

/** A connection with its row as a whole, and when it was deleted. */
export interface FoundConnection {
  readonly row: ConnectionRow
  readonly deletedAtMs?: number
}

/**
 * One page. A page past the end is empty. In the order of creation and without a filter it costs one query and, for
 * the total, one more; with a filter it reads the tenant's rows until the page is full; sorted, all of them.
 */
export async function listConnections(
  ports: Pick<Ports, 'items' | 'clock'>,
  input: ListConnectionsInput,
): Promise<ConnectionList> {
  if (input.sort !== undefined) return listSorted(ports, input, input.sort)
  if (Object.values(input.filter).some((value) => value !== undefined)) return listFiltered(ports, input)
  const page = await ports.items.query({
    partition: connectionsPartition(input.tenant),
    skip: input.page * input.perPage,
    limit: input.perPage,
  })
  const found = page.items.map((item) => ({ row: CONNECTION_ROWS.find(item.attributes)! }))
  return input.includeTotals ? { found, total: await countConnections(ports, input.tenant) } : { found }
}

/** How many connections the tenant has, from its counters: exact, because each commit counts itself. */
export async function countConnections(ports: Pick<Ports, 'items'>, tenant: string): Promise<number> {
  const counters = await ports.items.query({
    partition: countersPartition(tenant),
    sortPrefix: CONNECTION_COUNTERS,
    limit: COUNTER_SHARDS,
  })
  return counters.items.reduce(
    (sum, item) => sum + (CONNECTION_COUNT_ROWS.decode(item.attributes).total ?? 0),
    0,
  )
}

async function listFiltered(
  ports: Pick<Ports, 'items' | 'clock'>,
  input: ListConnectionsInput,
): Promise<ConnectionList> {
  const first = input.page * input.perPage
  const found: BrowsedConnection[] = []
  let total = 0
  for await (const each of browseConnections(ports, input.tenant, input.filter)) {
    if (total >= first && found.length < input.perPage) found.push(each)
    total++
    if (!input.includeTotals && found.length === input.perPage) break
  }
  const whole = await wholeRows(ports, input.tenant, found)
  return input.includeTotals ? { found: whole, total } : { found: whole }
}

async function listSorted(
  ports: Pick<Ports, 'items' | 'clock'>,
  input: ListConnectionsInput,
  sort: ConnectionSort,
): Promise<ConnectionList> {
  const all = await allOf(browseConnections(ports, input.tenant, input.filter))
  const first = input.page * input.perPage
  const page = (await sortConnections(all, sort)).slice(first, first + input.perPage)
  const found = await wholeRows(ports, input.tenant, page)
  return input.includeTotals ? { found, total: all.length } : { found }
}

/** The same with their rows whole; one that was deleted meanwhile is left out. */
async function wholeRows(
  ports: Pick<Ports, 'items'>,
  tenant: string,
  browsed: readonly BrowsedConnection[],
): Promise<FoundConnection[]> {
  const found = await Promise.all(
    browsed.map(async ({ row, deleted }) => {
      const whole = deleted ?? {
        row: CONNECTION_ROWS.find(await ports.items.get(connectionKey(tenant, row.id))),
      }
      return whole.row === undefined ? [] : [{ ...whole, row: whole.row }]
    }),
  )
  return found.flat()
}

async function allOf<T>(each: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const one of each) all.push(one)
  return all
}

/** How many there are of each kind, and the first of those that wait for somebody. */
export interface ConnectionSummary {
  readonly total: number
  readonly needsPerson: number
  readonly byStatus: ReadonlyMap<string, number>
  /** In the order of `sort: app`. */
  readonly byApp: ReadonlyMap<string, number>
  readonly firstNeeding: readonly ListedConnection[]
}

/** So many are named beside their count; a person reads no more. */
const NAMED = 3

/** Counts what fits the filter. Reads the tenant's rows once. */
export async function summarizeConnections(
  ports: Pick<Ports, 'items' | 'clock'>,
  input: { readonly tenant: string; readonly filter: ConnectionFilter },
): Promise<ConnectionSummary> {
  const byStatus = new Map<string, number>()
  const byApp = new Map<string, number>()
  const needing: BrowsedConnection[] = []
  let total = 0
  for await (const each of browseConnections(ports, input.tenant, input.filter)) {
    const { row, needsPerson } = each
    total++
    byApp.set(row.appId, (byApp.get(row.appId) ?? 0) + 1)
    byStatus.set(row.status, (byStatus.get(row.status) ?? 0) + 1)
    if (needsPerson) needing.push(each)
  }
  const first = (await sortConnections(needing, 'state')).slice(0, NAMED)
  return {
    total,
    needsPerson: needing.length,
    byStatus,
    byApp: new Map([...byApp].sort(([a], [b]) => compareApps(a, b))),
    firstNeeding: first.map(({ row }) => row),
  }
}
