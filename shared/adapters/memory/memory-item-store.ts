import { copyAttributes, decideWrites } from '../../ports/item-conditions.ts'
import type {
  Attributes,
  DuePage,
  DueQuery,
  Item,
  ItemKey,
  ItemPage,
  ItemQuery,
  ItemStore,
  ScanQuery,
  Write,
} from '../../ports/item-store.ts'
import {
  decodePageToken,
  dueQueryIdentity,
  encodePageToken,
  itemQueryIdentity,
  SCAN_IDENTITY,
} from '../../ports/page-token.ts'
import { compareByUtf8, sortRange, successorOf, validatePage } from '../../ports/sort-range.ts'
import { validateWrites } from '../../ports/valid-writes.ts'
import { SortedList } from './sorted-list.ts'

interface Partition {
  readonly rows: Map<string, Attributes>
  readonly sorts: SortedList<string>
}

/** An index entry: `at` is in the index's own unit, ms for the due index and seconds for expiry. */
interface TimedKey {
  readonly at: number
  readonly partition: string
  readonly sort: string
}

/**
 * The row store in this process's memory, lost with it: for tests, and for simulations with a million rows.
 * Every call is done when its promise is made, so calls never interleave.
 */
export class MemoryItemStore implements ItemStore {
  readonly #partitions = new Map<string, Partition>()
  readonly #partitionNames = new SortedList<string>(compareByUtf8)
  readonly #dueByShard = new Map<string, SortedList<TimedKey>>()
  readonly #expiring = new SortedList<TimedKey>(compareTimedKeys)

  async get(key: ItemKey): Promise<Attributes | undefined> {
    const stored = this.#stored(key)
    return stored === undefined ? undefined : copyAttributes(stored)
  }

  async transact(writes: readonly Write[]): Promise<void> {
    validateWrites(writes)
    const decided = decideWrites(writes, (key) => this.#stored(key))
    for (const { key, after } of decided) this.#replace(key, after)
  }

  async query(query: ItemQuery): Promise<ItemPage> {
    validatePage(query)
    const identity = itemQueryIdentity(query)
    const position = decodePageToken(identity, query.nextToken, [''] as [string])
    const partition = this.#partitions.get(query.partition)
    if (partition === undefined) return { items: [] }
    const { from, before } = sortRange(query, position?.[0])
    // The token's position lies behind what the first page skipped. One more than asked for shows whether
    // there is a next page.
    const walk = { skip: position === undefined ? (query.skip ?? 0) : 0, limit: query.limit + 1 }
    const found =
      query.descending === true
        ? partition.sorts.descending({ ...walk, before }).filter((sort) => compareByUtf8(sort, from) >= 0)
        : partition.sorts
            .ascending({ ...walk, from })
            .filter((sort) => before === undefined || compareByUtf8(sort, before) < 0)
    const items = found.slice(0, query.limit).map((sort) => this.#item({ partition: query.partition, sort }))
    const last = items.at(-1)
    if (last === undefined || found.length <= query.limit) return { items }
    return { items, nextToken: encodePageToken(identity, [last.key.sort]) }
  }

  async queryDue(query: DueQuery): Promise<DuePage> {
    validatePage(query)
    const identity = dueQueryIdentity(query)
    const position = decodePageToken(identity, query.nextToken, [0, '', ''] as [number, string, string])
    const from = position && { at: position[0], partition: position[1], sort: successorOf(position[2]) }
    const index = this.#dueByShard.get(query.shard)
    const found = (index?.ascending({ from, limit: query.limit + 1 }) ?? []).filter(
      (entry) => entry.at <= query.dueAtMostMs,
    )
    const page = found.slice(0, query.limit)
    const items = page.map(({ at, partition, sort }) => ({ key: { partition, sort }, dueAtMs: at }))
    const last = page.at(-1)
    if (last === undefined || found.length <= query.limit) return { items }
    return { items, nextToken: encodePageToken(identity, [last.at, last.partition, last.sort]) }
  }

  async scan(query: ScanQuery): Promise<ItemPage> {
    validatePage(query)
    if ((query.segment?.index ?? 0) > 0) return { items: [] }
    const position = decodePageToken(SCAN_IDENTITY, query.nextToken, ['', ''] as [string, string])
    const items: Item[] = []
    let partition = position?.[0] ?? ''
    let from = successorOf(position?.[1] ?? '')
    while (true) {
      const room = query.limit + 1 - items.length
      const sorts = this.#partitions.get(partition)?.sorts.ascending({ from, limit: room }) ?? []
      for (const sort of sorts) items.push(this.#item({ partition, sort }))
      const next = this.#partitionNames.ascending({ from: successorOf(partition), limit: 1 })[0]
      if (items.length > query.limit || next === undefined) break
      partition = next
      from = ''
    }
    const page = items.slice(0, query.limit)
    const last = page.at(-1)
    if (last === undefined || items.length <= query.limit) return { items: page }
    return { items: page, nextToken: encodePageToken(SCAN_IDENTITY, [last.key.partition, last.key.sort]) }
  }

  /**
   * Removes up to `limit` items whose `expires_at_s` is before `nowMs`, and returns how many it removed:
   * what DynamoDB's time to live does by itself.
   */
  async removeExpired(nowMs: number, limit: number): Promise<number> {
    validatePage({ limit })
    const expired = this.#expiring.ascending({ limit }).filter((entry) => entry.at * 1000 < nowMs)
    for (const { partition, sort } of expired) this.#replace({ partition, sort }, undefined)
    return expired.length
  }

  #stored(key: ItemKey): Attributes | undefined {
    return this.#partitions.get(key.partition)?.rows.get(key.sort)
  }

  #item(key: ItemKey): Item {
    return { key, attributes: copyAttributes(this.#stored(key) ?? {}) }
  }

  #replace(key: ItemKey, after: Attributes | undefined): void {
    const before = this.#stored(key)
    if (before !== undefined) this.#index(key, before, 'delete')
    if (after === undefined) {
      if (before !== undefined) this.#removeRow(key)
      return
    }
    let partition = this.#partitions.get(key.partition)
    if (partition === undefined) {
      partition = { rows: new Map(), sorts: new SortedList(compareByUtf8) }
      this.#partitions.set(key.partition, partition)
      this.#partitionNames.add(key.partition)
    }
    if (before === undefined) partition.sorts.add(key.sort)
    partition.rows.set(key.sort, after)
    this.#index(key, after, 'add')
  }

  #removeRow(key: ItemKey): void {
    const partition = this.#partitions.get(key.partition)
    if (partition === undefined) return
    partition.rows.delete(key.sort)
    partition.sorts.delete(key.sort)
    if (partition.rows.size > 0) return
    this.#partitions.delete(key.partition)
    this.#partitionNames.delete(key.partition)
  }

  #index({ partition, sort }: ItemKey, attributes: Attributes, change: 'add' | 'delete'): void {
    const { due_shard: shard, due_at: dueAtMs, expires_at_s: expiresAtS } = attributes
    if (typeof expiresAtS === 'number') this.#expiring[change]({ at: expiresAtS, partition, sort })
    if (typeof shard !== 'string' || typeof dueAtMs !== 'number') return
    const list = this.#dueByShard.get(shard) ?? new SortedList<TimedKey>(compareTimedKeys)
    list[change]({ at: dueAtMs, partition, sort })
    if (list.size === 0) this.#dueByShard.delete(shard)
    else this.#dueByShard.set(shard, list)
  }
}

function compareTimedKeys(left: TimedKey, right: TimedKey): number {
  return (
    left.at - right.at ||
    compareByUtf8(left.partition, right.partition) ||
    compareByUtf8(left.sort, right.sort)
  )
}
