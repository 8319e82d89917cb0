import { findPartitionParts } from '../../domain/keys.ts'
import type {
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

/** The store, which tells `onEvent` once a transaction with a change event in it has been applied. */
export class SignallingItemStore implements ItemStore {
  readonly #store: ItemStore
  readonly #onEvent: () => void

  constructor(store: ItemStore, onEvent: () => void) {
    this.#store = store
    this.#onEvent = onEvent
  }

  get(key: ItemKey, options?: { consistent?: boolean }): Promise<Item['attributes'] | undefined> {
    return this.#store.get(key, options)
  }

  async transact(writes: readonly Write[]): Promise<void> {
    await this.#store.transact(writes)
    if (writes.some(isEvent)) this.#onEvent()
  }

  query(query: ItemQuery): Promise<ItemPage> {
    return this.#store.query(query)
  }

  queryDue(query: DueQuery): Promise<DuePage> {
    return this.#store.queryDue(query)
  }

  scan(query: ScanQuery): Promise<ItemPage> {
    return this.#store.scan(query)
  }
}

function isEvent({ op, key }: Write): boolean {
  return op === 'put' && findPartitionParts(key.partition)?.kind === 'EVENTS'
}
