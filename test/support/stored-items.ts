import { outboxShards } from '../../shared/domain/keys.ts'
import { secretIdOfPartition } from '../../shared/domain/sealed-keys.ts'
import { findSecretIdParts } from '../../shared/domain/secret-id.ts'
import type { Attributes, Item, ItemStore } from '../../shared/ports/item-store.ts'
import { until } from './until.ts'

const PAGE = 1000
/** It takes milliseconds, on a busy machine too. */
const PUBLISHED_WITHIN_MS = 10_000

/** All that a row store has, as it is. */
export async function everyItem(items: ItemStore): Promise<readonly Item[]> {
  const all: Item[] = []
  let nextToken: string | undefined
  do {
    const page = await items.scan({ limit: PAGE, ...(nextToken === undefined ? {} : { nextToken }) })
    all.push(...page.items)
    nextToken = page.nextToken
  } while (nextToken !== undefined)
  return all
}

/**
 * Once every event is published: everything in a running vault's row store whose partition `isWanted`, by `partition`
 * and `sort` in one text.
 */
export async function storedItems(
  items: ItemStore,
  isWanted: (partition: string) => boolean = () => true,
): Promise<Record<string, Attributes>> {
  await published(items)
  const found: Record<string, Attributes> = {}
  for (const { key, attributes } of await everyItem(items)) {
    if (isWanted(key.partition)) found[`${key.partition} ${key.sort}`] = attributes
  }
  return found
}

/** Everything that belongs to one tenant: its rows, events, counters, records and sealed secrets. */
export function itemsOfTenant(items: ItemStore, tenant: string): Promise<Record<string, Attributes>> {
  return storedItems(
    items,
    (partition) =>
      partition.startsWith(`TENANT#${tenant}#`) ||
      findSecretIdParts(secretIdOfPartition(partition) ?? '')?.tenant === tenant,
  )
}

/** From then on what a test compares changes by its own doing only. */
async function published(items: ItemStore): Promise<void> {
  const waits = async (shard: string) =>
    (await items.queryDue({ shard, dueAtMostMs: Number.MAX_SAFE_INTEGER, limit: 1 })).items.length > 0
  const ask = async () => (await Promise.all(outboxShards().map(waits))).includes(true)
  await until(ask, (some) => !some, PUBLISHED_WITHIN_MS)
}
