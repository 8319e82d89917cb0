import type { Item, ItemQuery, ItemStore } from './item-store.ts'

/** The items of all pages that `read` answers one after another; each is read when it is asked for. */
export async function* everyPage<Listed>(
  read: (from: { nextToken?: string }) => Promise<{ items: readonly Listed[]; nextToken?: string }>,
): AsyncGenerator<readonly Listed[]> {
  let nextToken: string | undefined
  do {
    const page = await read(nextToken === undefined ? {} : { nextToken })
    yield page.items
    nextToken = page.nextToken
  } while (nextToken !== undefined)
}

/** The items of all pages of a query, page by page; each is read when it is asked for. */
export function pagesOf(
  items: Pick<ItemStore, 'query'>,
  query: Omit<ItemQuery, 'nextToken'>,
): AsyncGenerator<readonly Item[]> {
  return everyPage((from) => items.query({ ...query, ...from }))
}
