import { bucketOf } from '../../shared/domain/ids.ts'
import type { ItemPage, ItemStore, ScanQuery } from '../../shared/ports/item-store.ts'
import { everyItem } from './stored-items.ts'

/** Every item of a store that is scanned in segments, as DynamoDB does: by a hash of the partition. */
export function segmented(
  items: ItemStore,
  onPage: (query: ScanQuery) => Promise<void> = async () => undefined,
): ItemStore {
  return {
    get: (key, options) => items.get(key, options),
    query: (query) => items.query(query),
    queryDue: (query) => items.queryDue(query),
    transact: (writes) => items.transact(writes),
    async scan(query): Promise<ItemPage> {
      await onPage(query)
      const { index, of } = query.segment ?? { index: 0, of: 1 }
      const all = await everyItem(items)
      const own = all.filter(({ key }) => bucketOf(key.partition, of) === index)
      const from = Number(query.nextToken ?? 0)
      const page = own.slice(from, from + query.limit)
      const next = from + query.limit
      return next < own.length ? { items: page, nextToken: String(next) } : { items: page }
    },
  }
}
