import type { Item, ItemPage, ItemQuery, Write } from '../../shared/ports/item-store.ts'
import { LISTED_ATTRIBUTES } from '../../shared/rows/connection-row.ts'
import type { ItemStoreSuite } from './item-store.ts'

/** Ascending by UTF-8 bytes. UTF-16 order would put the last before the last but one. */
const ORDERED = ['#', 'A', 'Z', 'a', 'a#1', 'a%', 'a_b', 'ab', 'b', 'é', '日', '\uff5e', '😀']

/** Order, prefix, bounds and pages of one partition, and the walk over all of them. */
export function itemStorePages(suite: ItemStoreSuite): void {
  const query = (query: ItemQuery) => suite.store().query(query)

  async function fill(partition: string, sorts: readonly string[]): Promise<void> {
    for (let start = 0; start < sorts.length; start += 100) {
      const puts = sorts
        .slice(start, start + 100)
        .map((sort): Write => ({ op: 'put', key: { partition, sort }, attributes: { of: sort } }))
      await suite.store().transact(puts)
    }
  }

  /** All pages, following tokens; `between` runs after each. */
  async function walk(
    ask: (nextToken: string | undefined) => Promise<ItemPage>,
    between?: (page: ItemPage) => Promise<void>,
  ): Promise<Item[]> {
    const items: Item[] = []
    let nextToken: string | undefined
    do {
      const page = await ask(nextToken)
      items.push(...page.items)
      nextToken = page.nextToken
      await between?.(page)
    } while (nextToken !== undefined)
    return items
  }

  const sortsOf = (items: readonly Item[]) => items.map((item) => item.key.sort)
  const numbered = (count: number) =>
    Array.from({ length: count }, (_, index) => `n${String(index).padStart(4, '0')}`)

  it('gives one partition, in the order of UTF-8 bytes', async () => {
    const partition = suite.name()
    await fill(partition, [...ORDERED].reverse())
    await fill(`${partition}0`, ['other'])
    const { items } = await query({ partition, limit: 100 })
    expect(items).toEqual(ORDERED.map((sort) => ({ key: { partition, sort }, attributes: { of: sort } })))
    const down = await query({ partition, limit: 100, descending: true })
    expect(sortsOf(down.items)).toEqual([...ORDERED].reverse())
  })

  it.each(['', 'TENANT#a#CONNECTIONS'])(
    'gives the attributes that are asked for, of the items in %j',
    async (kind) => {
      // SQLite has an index for lists of connections, which is asked for by just these names.
      const partition = kind === '' ? suite.name() : `TENANT#${suite.name()}#CONNECTIONS`
      const all = {
        v: 1,
        id: 'ac_1',
        name: 'ü "quoted" 😀\n',
        createdAtMs: 1_795_928_467_060,
        grants: { main: { scopes: ['a', 'b'], expires: null } },
        requiredScopes: [],
        other: 'x',
      }
      const { other, ...listed } = all
      await suite.store().transact([
        { op: 'put', key: { partition, sort: 'a' }, attributes: all },
        { op: 'put', key: { partition, sort: 'b' }, attributes: { v: 2, other } },
      ])
      const names = (items: readonly Item[]) =>
        items.map(({ key, attributes }) => [
          key.sort,
          Object.fromEntries(Object.entries(attributes).filter(([name]) => name !== 'other')),
        ])
      for (const only of [LISTED_ATTRIBUTES, Object.keys(listed)]) {
        const found = await walk((nextToken) => query({ partition, only, limit: 1, nextToken }))
        expect(names(found)).toEqual([
          ['a', listed],
          ['b', { v: 2 }],
        ])
        const down = await query({ partition, only, limit: 9, descending: true, after: 'b', sortPrefix: '' })
        expect(names(down.items)).toEqual([['a', listed]])
        expect((await query({ partition, only, limit: 9, skip: 1 })).items).toHaveLength(1)
      }
    },
  )

  it('gives no items for a partition that has none', async () => {
    expect(await query({ partition: suite.name(), limit: 10 })).toEqual({ items: [] })
  })

  it.each([
    ['a', ['a', 'a#1', 'a%', 'a_b', 'ab']],
    ['a%', ['a%']],
    ['a_', ['a_b']],
    ['a#', ['a#1']],
    ['日', ['日']],
    ['😀', ['😀']],
    ['zz', []],
  ])('takes the prefix %j by the letter', async (sortPrefix, expected) => {
    const partition = suite.name()
    await fill(partition, ORDERED)
    expect(sortsOf((await query({ partition, sortPrefix, limit: 100 })).items)).toEqual(expected)
    const down = await query({ partition, sortPrefix, limit: 100, descending: true })
    expect(sortsOf(down.items)).toEqual([...expected].reverse())
  })

  const bounds: [string, Omit<ItemQuery, 'partition' | 'limit'>, string[]][] = [
    ['after an item', { after: 'n0006' }, ['n0007', 'n0008', 'n0009']],
    ['after a key that is no item', { after: 'n0006x' }, ['n0007', 'n0008', 'n0009']],
    ['after the last', { after: 'n0009' }, []],
    ['down from an item', { after: 'n0002', descending: true }, ['n0001', 'n0000']],
    ['down from a key that is no item', { after: 'n0001x', descending: true }, ['n0001', 'n0000']],
    ['after, within a prefix', { sortPrefix: 'n000', after: 'n0008' }, ['n0009']],
    ['after a key before the prefix', { sortPrefix: 'n0009', after: 'a' }, ['n0009']],
    ['after a key behind the prefix', { sortPrefix: 'n0001', after: 'z' }, []],
    ['down from a key behind the prefix', { sortPrefix: 'n0001', after: 'z', descending: true }, ['n0001']],
    ['down from a key before the prefix', { sortPrefix: 'n0001', after: 'a', descending: true }, []],
    ['skipping', { skip: 8 }, ['n0008', 'n0009']],
    ['skipping all', { skip: 10 }, []],
    ['skipping more than all', { skip: 1000 }, []],
    ['skipping none', { skip: 0, after: 'n0008' }, ['n0009']],
    ['skipping down', { skip: 8, descending: true }, ['n0001', 'n0000']],
    ['skipping after an item', { skip: 1, after: 'n0007' }, ['n0009']],
    ['skipping within a prefix', { skip: 1, sortPrefix: 'n000', after: 'n0006' }, ['n0008', 'n0009']],
  ]
  it.each(bounds)('reads %s', async (_, options, expected) => {
    const partition = suite.name()
    await fill(partition, numbered(10))
    const found = await walk((nextToken) => query({ partition, ...options, limit: 100, nextToken }))
    expect(sortsOf(found)).toEqual(expected)
    const paged = await walk((nextToken) => query({ partition, ...options, limit: 1, nextToken }))
    expect(sortsOf(paged)).toEqual(expected)
  })

  it.each([1, 7, 50, 125, 250])('walks 250 items in pages of %i, up and down', async (limit) => {
    const partition = suite.name()
    const sorts = numbered(250)
    await fill(partition, sorts)
    const lengths: number[] = []
    const up = await walk(
      (nextToken) => query({ partition, limit, nextToken }),
      async ({ items }) => {
        lengths.push(items.length)
      },
    )
    expect(sortsOf(up)).toEqual(sorts)
    expect(Math.max(...lengths)).toBe(limit)
    const down = await walk((nextToken) => query({ partition, limit, nextToken, descending: true }))
    expect(sortsOf(down)).toEqual([...sorts].reverse())
  })

  it('skips far down a list of 1,000, and goes on from there', async () => {
    const partition = suite.name()
    const sorts = numbered(1000)
    await fill(partition, sorts)
    const found = await walk((nextToken) => query({ partition, skip: 940, limit: 25, nextToken }))
    expect(sortsOf(found)).toEqual(sorts.slice(940))
    const down = await walk((nextToken) =>
      query({ partition, skip: 940, limit: 25, nextToken, descending: true }),
    )
    expect(sortsOf(down)).toEqual([...sorts].reverse().slice(940))
  })

  it.each([false, true])(
    'neither misses nor repeats an item while others come and go (descending: %s)',
    async (descending) => {
      const partition = suite.name()
      const sorts = numbered(60)
      await fill(partition, sorts)
      let round = 0
      const found = await walk(
        (nextToken) => query({ partition, limit: 7, nextToken, descending }),
        async ({ items }) => {
          round++
          // One before, one behind and one within what is left; and the key the token stands on disappears.
          await fill(partition, [`a-${round}`, `z-${round}`, `n0030-${round}`])
          const last = items.at(-1)
          if (last !== undefined) await suite.store().transact([{ op: 'delete', key: last.key }])
        },
      )
      const seen = sortsOf(found)
      expect(new Set(seen).size).toBe(seen.length)
      expect(seen.filter((sort) => sorts.includes(sort))).toEqual(descending ? [...sorts].reverse() : sorts)
    },
  )

  it('lets the limit change from page to page', async () => {
    const partition = suite.name()
    await fill(partition, numbered(10))
    const first = await query({ partition, limit: 3 })
    const rest = await walk((nextToken) =>
      query({ partition, limit: 5, nextToken: nextToken ?? first.nextToken }),
    )
    expect(sortsOf([...first.items, ...rest])).toEqual(numbered(10))
  })

  it('refuses the token of another query, and what never was a token', async () => {
    const partition = suite.name()
    const other = suite.name()
    await fill(partition, numbered(10))
    await fill(other, numbered(10))
    const { nextToken } = await query({ partition, limit: 2 })
    expect(nextToken).toEqual(expect.any(String))
    const strange: ItemQuery[] = [
      { partition: other, limit: 2, nextToken },
      { partition, limit: 2, sortPrefix: 'n', nextToken },
      { partition, limit: 2, after: 'n0000', nextToken },
      { partition, limit: 2, descending: true, nextToken },
      { partition, limit: 2, nextToken: 'n0001' },
      { partition, limit: 2, nextToken: '' },
      { partition, limit: 2, nextToken: Buffer.from('["x"]').toString('base64url') },
    ]
    for (const wrong of strange) await expect(query(wrong)).rejects.toMatchObject({ code: 'invalid-query' })
    await expect(suite.store().scan({ limit: 2, nextToken })).rejects.toMatchObject({ code: 'invalid-query' })
  })

  it('scans every item once over all segments', async () => {
    const partitions = Array.from({ length: 6 }, () => suite.name())
    for (const partition of partitions) await fill(partition, numbered(5))
    await suite.settle()
    const ofSegment = (index: number) =>
      walk((nextToken) => suite.store().scan({ limit: 7, nextToken, segment: { index, of: 3 } }))
    const found = (await Promise.all([0, 1, 2].map(ofSegment)))
      .flat()
      .map(({ key }) => `${key.partition} ${key.sort}`)
    const mine = found.filter((name) => partitions.some((partition) => name.startsWith(`${partition} `)))
    const expected = partitions.flatMap((partition) => numbered(5).map((sort) => `${partition} ${sort}`))
    expect(mine.sort()).toEqual(expected.sort())
  })

  it('scans every item once', async () => {
    const partitions = [suite.name(), suite.name(), suite.name()]
    for (const partition of partitions) await fill(partition, numbered(40))
    await suite.settle()
    const all = await walk((nextToken) => suite.store().scan({ limit: 13, nextToken }))
    const mine = all.filter((item) => partitions.includes(item.key.partition))
    const names = (items: readonly Item[]) => items.map(({ key }) => `${key.partition} ${key.sort}`).sort()
    const expected = partitions.flatMap((partition) => numbered(40).map((sort) => `${partition} ${sort}`))
    expect(names(mine)).toEqual(expected.sort())
    for (const item of mine) expect(item.attributes).toEqual({ of: item.key.sort })
  })
}
