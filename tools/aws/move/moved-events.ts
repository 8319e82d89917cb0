import { canonicalJson } from '../../../shared/domain/canonical-json.ts'
import { eventsPartition, feedHeadKey, feedPartition, outboxShard } from '../../../shared/domain/keys.ts'
import {
  type Attributes,
  type Item,
  type ItemStore,
  MAX_TRANSACTION_WRITES,
  type Write,
} from '../../../shared/ports/item-store.ts'
import { pagesOf } from '../../../shared/ports/pages-of.ts'
import type { FilledItems } from './filled-items.ts'
import { nameOf, type Survey } from './survey.ts'

/** Each is a write of one transaction, which checks the mark of the move as well. */
const PAGE_ITEMS = MAX_TRANSACTION_WRITES - 1

interface Stores {
  readonly source: { readonly items: ItemStore }
  readonly target: { readonly items: FilledItems }
}

/**
 * Brings a tenant's history and feed to the target, with the numbers that readers have as their cursor; answers how
 * many items were written. Events that wait to be told stay out until the switch: whoever tells them, tells them once
 * the vault is in service.
 */
export async function moveEvents({ source, target }: Stores, tenant: string): Promise<number> {
  let written = 0
  for (const partition of [feedPartition(tenant), eventsPartition(tenant)]) {
    for await (const page of pagesOf(source.items, { partition, limit: PAGE_ITEMS }))
      written += await putMissing(
        target.items,
        page.filter(({ attributes }) => !isWaiting(attributes)),
      )
  }
  // Last, because it says up to where the feed is there.
  const key = feedHeadKey(tenant)
  const attributes = await source.items.get(key)
  return attributes === undefined
    ? written
    : written + (await putMissing(target.items, [{ key, attributes }]))
}

/**
 * Hands the target what is still to be told: events that nobody has published, and those that a subscription has not
 * had yet, which keep their number in the feed. Answers how many.
 */
export async function handOverOutbox(
  { source, target }: Stores,
  tenant: string,
  { untold, nowMs }: Pick<Survey, 'untold'> & { readonly nowMs: number },
): Promise<number> {
  let handed = 0
  for await (const page of pagesOf(source.items, { partition: eventsPartition(tenant), limit: PAGE_ITEMS })) {
    const wanted = page.filter(({ key, attributes }) => isWaiting(attributes) || untold.has(nameOf(key)))
    const there = await Promise.all(wanted.map(({ key }) => target.items.get(key)))
    // One without a number that is there was handed over before, and may have got its number since.
    const waiting = wanted.filter(
      ({ attributes }, index) => there[index] === undefined || attributes['feed'] !== undefined,
    )
    const due = waiting.map(({ key, attributes }) => {
      const owner = String(attributes['connection_id'] ?? attributes['subscription_id'])
      return { key, attributes: { due_shard: outboxShard(owner), due_at: nowMs, ...attributes } }
    })
    handed += await putMissing(target.items, due)
  }
  return handed
}

function isWaiting(attributes: Attributes): boolean {
  return attributes['due_shard'] !== undefined
}

async function putMissing(items: FilledItems, wanted: readonly Item[]): Promise<number> {
  const there = await Promise.all(wanted.map(({ key }) => items.get(key)))
  const writes = wanted.flatMap(({ key, attributes }, index): Write[] => {
    const isThere = canonicalJson(there[index] as never) === canonicalJson(attributes as never)
    return isThere ? [] : [{ op: 'put', key, attributes }]
  })
  if (writes.length > 0) await items.transactInTurn(writes)
  return writes.length
}
