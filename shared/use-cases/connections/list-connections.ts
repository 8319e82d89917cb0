import type { ConnectionRow, ConnectionStatus } from '../../domain/connection.ts'
import { COUNTER_SHARDS, connectionsPartition, countersPartition } from '../../domain/keys.ts'
import type { Ports } from '../../ports/ports.ts'
import { rowOf } from '../commit/connection-rows.ts'

/** How many rows one read of a filtered list looks at: a page of about 1 KB rows that DynamoDB answers at once. */
const FILTER_READ_ROWS = 500

export interface ListConnectionsInput {
  readonly tenant: string
  readonly page: number
  readonly perPage: number
  readonly includeTotals: boolean
  readonly appId?: string
  readonly status?: ConnectionStatus
  /** Case-insensitive part of the name or the account name, or a whole id. */
  readonly q?: string
}

export interface ConnectionList {
  readonly rows: readonly ConnectionRow[]
  /** Present when asked for. */
  readonly total?: number
}

/**
 * One page in the order of creation (created_at, id). A page past the end is empty. Without a filter it costs
 * one query and, for the total, one more; with one it reads the tenant's rows until the page is full.
 */
export async function listConnections(
  ports: Pick<Ports, 'items'>,
  input: ListConnectionsInput,
): Promise<ConnectionList> {
  if (input.appId !== undefined || input.status !== undefined || input.q !== undefined) {
    return listFiltered(ports, input)
  }
  const page = await ports.items.query({
    partition: connectionsPartition(input.tenant),
    skip: input.page * input.perPage,
    limit: input.perPage,
  })
  const rows = page.items.map((item) => rowOf(item.attributes)!)
  return input.includeTotals ? { rows, total: await countConnections(ports, input.tenant) } : { rows }
}

/** How many connections the tenant has, from its counters: exact, because each commit counts itself. */
export async function countConnections(ports: Pick<Ports, 'items'>, tenant: string): Promise<number> {
  const counters = await ports.items.query({
    partition: countersPartition(tenant),
    sortPrefix: 'connections#',
    limit: COUNTER_SHARDS,
  })
  return counters.items.reduce((sum, item) => sum + Number(item.attributes['total'] ?? 0), 0)
}

async function listFiltered(
  ports: Pick<Ports, 'items'>,
  input: ListConnectionsInput,
): Promise<ConnectionList> {
  const first = input.page * input.perPage
  const rows: ConnectionRow[] = []
  let total = 0
  let nextToken: string | undefined
  do {
    const page = await ports.items.query({
      partition: connectionsPartition(input.tenant),
      limit: FILTER_READ_ROWS,
      ...(nextToken === undefined ? {} : { nextToken }),
    })
    for (const item of page.items) {
      const row = rowOf(item.attributes)!
      if (!matches(row, input)) continue
      if (total >= first && rows.length < input.perPage) rows.push(row)
      total++
    }
    nextToken = page.nextToken
  } while (nextToken !== undefined && (input.includeTotals || rows.length < input.perPage))
  return input.includeTotals ? { rows, total } : { rows }
}

function matches(row: ConnectionRow, filter: ListConnectionsInput): boolean {
  if (filter.appId !== undefined && row.appId !== filter.appId) return false
  if (filter.status !== undefined && row.status !== filter.status) return false
  if (filter.q === undefined) return true
  const wanted = filter.q.toLowerCase()
  return (
    row.id === filter.q ||
    row.name.toLowerCase().includes(wanted) ||
    (row.accountName?.toLowerCase().includes(wanted) ?? false)
  )
}
