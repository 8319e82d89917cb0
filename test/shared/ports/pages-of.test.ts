import type { ItemQuery } from '../../../shared/ports/item-store.ts'
import { pagesOf } from '../../../shared/ports/pages-of.ts'

const itemOf = (sort: string) => ({ key: { partition: 'p', sort }, attributes: {} })
const PAGES = [
  { items: [itemOf('a'), itemOf('b')], nextToken: 'one' },
  // A store may answer an empty page before the last one.
  { items: [], nextToken: 'two' },
  { items: [itemOf('c')] },
]

function storeOf(queries: ItemQuery[]) {
  return {
    query: async (query: ItemQuery) => {
      queries.push(query)
      return PAGES[queries.length - 1]!
    },
  }
}

describe('pagesOf', () => {
  it('goes on from each page to the next, to the last one', async () => {
    const queries: ItemQuery[] = []
    const sorts: string[][] = []
    for await (const page of pagesOf(storeOf(queries), { partition: 'p', limit: 2 }))
      sorts.push(page.map(({ key }) => key.sort))
    expect(sorts).toEqual([['a', 'b'], [], ['c']])
    expect(queries).toEqual([
      { partition: 'p', limit: 2 },
      { partition: 'p', limit: 2, nextToken: 'one' },
      { partition: 'p', limit: 2, nextToken: 'two' },
    ])
  })

  it('reads no page that nobody asks for', async () => {
    const queries: ItemQuery[] = []
    for await (const _ of pagesOf(storeOf(queries), { partition: 'p', limit: 2 })) break
    expect(queries).toHaveLength(1)
  })
})
