import type { Attributes, ItemStore } from '../../shared/ports/item-store.ts'

const PAGE = 1000

/** Everything in the row store whose partition `isWanted`, by `partition` and `sort` in one text. */
export async function storedItems(
  items: ItemStore,
  isWanted: (partition: string) => boolean = () => true,
): Promise<Record<string, Attributes>> {
  const found: Record<string, Attributes> = {}
  let nextToken: string | undefined
  do {
    const page = await items.scan({ limit: PAGE, ...(nextToken === undefined ? {} : { nextToken }) })
    for (const { key, attributes } of page.items) {
      if (isWanted(key.partition)) found[`${key.partition} ${key.sort}`] = attributes
    }
    nextToken = page.nextToken
  } while (nextToken !== undefined)
  return found
}

/** Everything that belongs to one tenant: its rows, events, counters, records and sealed secrets. */
export function itemsOfTenant(items: ItemStore, tenant: string): Promise<Record<string, Attributes>> {
  return storedItems(
    items,
    (partition) =>
      partition.startsWith(`TENANT#${tenant}#`) || partition.startsWith(`SECRET#flow-vault/${tenant}/`),
  )
}
