import type { ItemStore } from '../../shared/ports/item-store.ts'
import { itemStoreConcurrency } from './item-store-concurrency.ts'
import { itemStoreConditions } from './item-store-conditions.ts'
import { itemStoreDueIndex } from './item-store-due-index.ts'
import { itemStorePages } from './item-store-pages.ts'
import { itemStoreWrites } from './item-store-writes.ts'

/** A store under test. One serves the whole suite: every test keeps to partitions and shards of its own. */
export interface OpenedItemStore {
  readonly store: ItemStore
  close(): Promise<void>
  /** Resolves once the due index and scans have caught up with the writes; needed where they lag behind. */
  settle?(): Promise<void>
}

/** What a stand-in for a store may be known to do otherwise; the test concerned is skipped there, by this name. */
export const ITEM_STORE_DEVIATIONS = [
  'comparing-text-with-a-number-is-an-error',
  'transactions-are-not-isolated',
] as const
export type ItemStoreDeviation = (typeof ITEM_STORE_DEVIATIONS)[number]

/** What each group of the suite is given; `name()` is a partition or shard that nothing else uses. */
export interface ItemStoreSuite {
  store(): ItemStore
  settle(): Promise<void>
  name(): string
  /** `it`, or `it.skip` with the reason in the title where the store is known to deviate. */
  itUnless(deviation: ItemStoreDeviation, title: string, test: () => Promise<void>): void
}

/**
 * The suite that every `ItemStore` passes. It expects of numbers no more than 15 significant digits, and
 * of the due index and `scan` only what they show after `settle`.
 */
export function itemStoreContract(
  name: string,
  open: () => Promise<OpenedItemStore>,
  deviations: readonly ItemStoreDeviation[] = [],
): void {
  describe(`${name} as an ItemStore`, () => {
    let opened: OpenedItemStore
    let names = 0
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(async () => {
      await opened.close()
    })
    const suite: ItemStoreSuite = {
      store: () => opened.store,
      settle: async () => opened.settle?.(),
      name: () => `contract-${++names}`,
      itUnless: (deviation, title, test) => {
        if (deviations.includes(deviation)) it.skip(`${title} (known deviation: ${deviation})`, test)
        else it(title, test)
      },
    }
    describe('transact', () => {
      itemStoreWrites(suite)
      itemStoreConditions(suite)
      itemStoreConcurrency(suite)
    })
    describe('query and scan', () => {
      itemStorePages(suite)
    })
    describe('queryDue', () => {
      itemStoreDueIndex(suite)
    })
  })
}
