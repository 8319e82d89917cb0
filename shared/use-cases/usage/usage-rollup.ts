import { eventExpiryS } from '../../domain/change-event.ts'
import { usageKey, usagePartition, usageSortPrefix } from '../../domain/keys.ts'
import type { Clock } from '../../ports/clock.ts'
import { errorFields } from '../../ports/error-fields.ts'
import type { ItemKey, ItemStore } from '../../ports/item-store.ts'
import type { Log } from '../../ports/log.ts'
import type { Ports } from '../../ports/ports.ts'
import { USAGE_ROWS } from '../../rows/count-rows.ts'
import { getConnection } from '../commit/connection-rows.ts'

/** Design: written at most once a minute, so that a read does not become a write. */
const FLUSH_EVERY_MS = 60_000
/** Pairs of connection and client counted before they are written early. */
const MAX_COUNTED = 10_000
/** Flows that a client names for one connection in a minute; more are counted as its own: a name costs an item. */
const MAX_NAMED = 50
/** Clients of one connection that are told, and flows. */
const MAX_TOLD = 100
/** Items that are added up for that. */
const MAX_READ = 1000

interface Counted {
  readonly key: ItemKey
  readonly client: string
  readonly flow: string | undefined
  count: number
  lastAtMs: number
}

/** Who fetched what, counted in memory and written down now and then: what a crash loses is a minute of counts. */
export class UsageRollup {
  readonly #ports: { items: Pick<ItemStore, 'transact'>; clock: Clock; log: Log }
  #counted = new Map<string, Counted>()
  #named = new Map<string, number>()
  #flushedAtMs: number

  constructor(ports: { items: Pick<ItemStore, 'transact'>; clock: Clock; log: Log }) {
    this.#ports = ports
    this.#flushedAtMs = ports.clock.monotonicMs()
  }

  /** One fetch of a connection by a client, for the flow that it names. */
  note(fetch: { tenant: string; connectionId: string; client: string; flow?: string | undefined }): void {
    const { tenant, connectionId, client } = fetch
    const pair = `${tenant} ${connectionId} ${client}`
    const flow = this.#isTooMany(pair, fetch.flow) ? undefined : fetch.flow
    const name = `${pair}#${flow ?? ''}`
    const known = this.#counted.get(name)
    const lastAtMs = this.#ports.clock.nowMs()
    if (known === undefined) {
      const key = usageKey(tenant, connectionId, client, flow)
      this.#counted.set(name, { key, client, flow, count: 1, lastAtMs })
      if (flow !== undefined) this.#named.set(pair, (this.#named.get(pair) ?? 0) + 1)
    } else {
      known.count++
      known.lastAtMs = lastAtMs
    }
  }

  #isTooMany(pair: string, flow: string | undefined): boolean {
    return !this.#counted.has(`${pair}#${flow ?? ''}`) && (this.#named.get(pair) ?? 0) >= MAX_NAMED
  }

  /** Whether it is time to write: a minute is over, or there is too much to keep. */
  get isDue(): boolean {
    if (this.#counted.size === 0) return false
    const sinceMs = this.#ports.clock.monotonicMs() - this.#flushedAtMs
    return sinceMs >= FLUSH_EVERY_MS || this.#counted.size >= MAX_COUNTED
  }

  /** Writes what was counted. A failure loses these counts and is logged: no fetch depends on them. */
  async flush(): Promise<void> {
    const counted = [...this.#counted.values()]
    this.#counted = new Map()
    this.#named = new Map()
    this.#flushedAtMs = this.#ports.clock.monotonicMs()
    for (const { key, client, flow, count, lastAtMs } of counted) {
      const named = flow === undefined ? { client } : { client, flow }
      const set = { ...USAGE_ROWS.encode({ ...named, lastAtMs }), expires_at_s: eventExpiryS(lastAtMs) }
      try {
        await this.#ports.items.transact([{ op: 'update', key, set, add: { count } }])
      } catch (error) {
        this.#ports.log.warn('a count of fetches was not written', errorFields(error))
      }
    }
  }
}

/** How often a connection was fetched, within 30 days of the last time. */
export interface Used {
  readonly count: number
  readonly lastAtMs: number
}

/** The same by client, and by the flows that its clients named; the last first. */
export interface Usage {
  readonly clients: readonly (Used & { readonly client: string })[]
  readonly flows: readonly (Used & { readonly client: string; readonly flow: string })[]
}

/** Who fetched a connection; a minute behind. Throws `not-found`. */
export async function readUsage(
  ports: Pick<Ports, 'items' | 'clock'>,
  { tenant, connectionId }: { tenant: string; connectionId: string },
): Promise<Usage> {
  await getConnection(ports, tenant, connectionId)
  const page = await ports.items.query({
    partition: usagePartition(tenant),
    sortPrefix: usageSortPrefix(connectionId),
    limit: MAX_READ,
  })
  const nowS = ports.clock.nowMs() / 1000
  const read = page.items
    .filter(({ attributes }) => Number(attributes['expires_at_s']) > nowS)
    .map(({ attributes }) => USAGE_ROWS.decode(attributes))
  const clients = new Map<string, Used & { client: string }>()
  for (const { client, count = 0, lastAtMs } of read) {
    const sum = clients.get(client) ?? { count: 0, lastAtMs: 0 }
    const total = { count: sum.count + count, lastAtMs: Math.max(sum.lastAtMs, lastAtMs) }
    clients.set(client, { client, ...total })
  }
  const flows = read.flatMap(({ client, flow, count = 0, lastAtMs }) =>
    flow === undefined ? [] : [{ client, flow, count, lastAtMs }],
  )
  return { clients: lastFirst([...clients.values()]), flows: lastFirst(flows) }
}

function lastFirst<T extends Used>(used: readonly T[]): T[] {
  return used.toSorted((a, b) => b.lastAtMs - a.lastAtMs).slice(0, MAX_TOLD)
}
