import { eventExpiryS } from '../../domain/change-event.ts'
import { usageKey, usagePartition, usageSortPrefix } from '../../domain/keys.ts'
import type { Clock } from '../../ports/clock.ts'
import { errorFields } from '../../ports/error-fields.ts'
import type { ItemKey, ItemStore } from '../../ports/item-store.ts'
import type { Log } from '../../ports/log.ts'
import type { Ports } from '../../ports/ports.ts'
import { getConnection } from '../commit/connection-rows.ts'

/** Design: written at most once a minute, so that a read does not become a write. */
const FLUSH_EVERY_MS = 60_000
/** Pairs of connection and client counted before they are written early. */
const MAX_COUNTED = 10_000
/** Clients of one connection that are told. */
const MAX_CLIENTS = 100

interface Counted {
  readonly key: ItemKey
  readonly client: string
  count: number
  lastAtMs: number
}

/** Who fetched what, counted in memory and written down now and then: what a crash loses is a minute of counts. */
export class UsageRollup {
  readonly #ports: { items: Pick<ItemStore, 'transact'>; clock: Clock; log: Log }
  #counted = new Map<string, Counted>()
  #flushedAtMs: number

  constructor(ports: { items: Pick<ItemStore, 'transact'>; clock: Clock; log: Log }) {
    this.#ports = ports
    this.#flushedAtMs = ports.clock.monotonicMs()
  }

  /** One fetch of a connection by a client. */
  note(fetch: { tenant: string; connectionId: string; client: string }): void {
    const { tenant, connectionId, client } = fetch
    const name = `${tenant} ${connectionId} ${client}`
    const known = this.#counted.get(name)
    const lastAtMs = this.#ports.clock.nowMs()
    if (known === undefined) {
      this.#counted.set(name, { key: usageKey(tenant, connectionId, client), client, count: 1, lastAtMs })
    } else {
      known.count++
      known.lastAtMs = lastAtMs
    }
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
    this.#flushedAtMs = this.#ports.clock.monotonicMs()
    for (const { key, client, count, lastAtMs } of counted) {
      const set = { kind: 'usage', client, lastAtMs, expires_at_s: eventExpiryS(lastAtMs) }
      try {
        await this.#ports.items.transact([{ op: 'update', key, set, add: { count } }])
      } catch (error) {
        this.#ports.log.warn('a count of fetches was not written', errorFields(error))
      }
    }
  }
}

/** How often a client fetched a connection, within 30 days of its last fetch. */
export interface ClientUsage {
  readonly client: string
  readonly count: number
  readonly lastAtMs: number
}

/** Who fetched a connection, the last one first; a minute behind. Throws `not-found`. */
export async function readUsage(
  ports: Pick<Ports, 'items' | 'clock'>,
  { tenant, connectionId }: { tenant: string; connectionId: string },
): Promise<ClientUsage[]> {
  await getConnection(ports, tenant, connectionId)
  const page = await ports.items.query({
    partition: usagePartition(tenant),
    sortPrefix: usageSortPrefix(connectionId),
    limit: MAX_CLIENTS,
  })
  const nowS = ports.clock.nowMs() / 1000
  return page.items
    .filter(({ attributes }) => Number(attributes['expires_at_s']) > nowS)
    .map(({ attributes }) => ({
      client: String(attributes['client']),
      count: Number(attributes['count']),
      lastAtMs: Number(attributes['lastAtMs']),
    }))
    .sort((a, b) => b.lastAtMs - a.lastAtMs)
}
