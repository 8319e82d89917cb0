import { type ItemStore, StoreUnavailableError, type Write } from '../../shared/ports/item-store.ts'

/** The store as a process sees it that may be killed at any write: an unknown outcome, or none. */
export function faultyStore(
  store: ItemStore,
  fails: () => boolean,
  change: (write: Write) => Write = (write) => write,
): ItemStore {
  const transact = async (writes: readonly Write[]): Promise<void> => {
    if (fails()) throw new StoreUnavailableError('killed before', 'not-applied')
    await store.transact(writes.map(change))
    if (fails()) throw new StoreUnavailableError('killed after', 'unknown')
  }
  return {
    get: (key) => store.get(key),
    query: (query) => store.query(query),
    queryDue: (query) => store.queryDue(query),
    scan: (query) => store.scan(query),
    transact,
  }
}
