import type { Item, ItemQuery, ItemStore } from './item-store.ts'

/** The items of all pages of a query, page by page; each is read when it is asked for. */
export async function* pagesOf(
  items: Pick<ItemStore, 'query'>,
  query: Omit<ItemQuery, 'nextToken'>,
): AsyncGenerator<readonly Item[]> {
  let nextToken: string | undefined
  do {
    const page = await items.query({ ...query, ...(nextToken === undefined ? {} : { nextToken }) })
    yield page.items
    nextToken = page.nextToken
  } while (nextToken !== undefined)
}
