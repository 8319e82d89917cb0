import type { DuePage, Write } from '../../shared/ports/item-store.ts'
import type { ItemStoreSuite } from './item-store.ts'

/** The sparse index of items that are due, as it is once it has caught up. */
export function itemStoreDueIndex(suite: ItemStoreSuite): void {
  const put = (partition: string, sort: string, shard: string, dueAtMs: number): Write => ({
    op: 'put',
    key: { partition, sort },
    attributes: { due_shard: shard, due_at: dueAtMs, other: 1 },
  })

  /** All that is due, following tokens, as `sort@instant`. */
  async function due(shard: string, dueAtMostMs: number, limit = 100): Promise<string[]> {
    await suite.settle()
    const found: string[] = []
    let nextToken: string | undefined
    do {
      const page: DuePage = await suite.store().queryDue({ shard, dueAtMostMs, limit, nextToken })
      expect(page.items.length).toBeLessThanOrEqual(limit)
      for (const { key, dueAtMs } of page.items) found.push(`${key.sort}@${dueAtMs}`)
      nextToken = page.nextToken
    } while (nextToken !== undefined)
    return found
  }

  it('gives the keys of one shard that are due, nearest first', async () => {
    const [partition, other, shard] = [suite.name(), suite.name(), suite.name()]
    await suite
      .store()
      .transact([
        put(partition, 'late', shard, 1_700_000_000_300),
        put(other, 'early', shard, 1_700_000_000_100),
        put(partition, 'middle', shard, 1_700_000_000_200),
        put(partition, 'tiny', shard, 900),
        put(partition, 'elsewhere', suite.name(), 1),
        { op: 'put', key: { partition, sort: 'never' }, attributes: { other: 1 } },
      ])
    expect(await due(shard, 1_700_000_000_200)).toEqual([
      'tiny@900',
      'early@1700000000100',
      'middle@1700000000200',
    ])
    expect(await due(shard, 899)).toEqual([])
    expect(await due(suite.name(), 1_700_000_000_200)).toEqual([])
    const page = await suite.store().queryDue({ shard, dueAtMostMs: 1_700_000_000_100, limit: 10 })
    expect(page.items[1]).toEqual({ key: { partition: other, sort: 'early' }, dueAtMs: 1_700_000_000_100 })
  })

  it('follows puts, updates and deletes', async () => {
    const [partition, shard, otherShard] = [suite.name(), suite.name(), suite.name()]
    const key = (sort: string) => ({ partition, sort })
    await suite
      .store()
      .transact(
        ['moved', 'sent', 'put', 'removed', 'unset', 'gone'].map((sort) => put(partition, sort, shard, 10)),
      )
    await suite.store().transact([
      { op: 'update', key: key('moved'), set: { due_shard: shard, due_at: 20 } },
      { op: 'update', key: key('sent'), set: { due_shard: otherShard, due_at: 10 } },
      { op: 'put', key: key('put'), attributes: { other: 2 } },
      { op: 'update', key: key('removed'), remove: ['due_shard', 'due_at'] },
      { op: 'update', key: key('unset'), set: { due_shard: undefined, due_at: undefined } },
      { op: 'delete', key: key('gone') },
      { op: 'update', key: key('born'), set: { due_shard: shard, due_at: 15 } },
    ])
    expect(await due(shard, 100)).toEqual(['born@15', 'moved@20'])
    expect(await due(shard, 19)).toEqual(['born@15'])
    expect(await due(otherShard, 100)).toEqual(['sent@10'])
    expect(await suite.store().get(key('unset'))).toEqual({ other: 1 })
    await suite.store().transact([{ op: 'update', key: key('moved'), set: { other: 3 }, add: { n: 1 } }])
    expect(await due(shard, 100)).toEqual(['born@15', 'moved@20'])
  })

  it('is not touched by a transaction that failed', async () => {
    const [partition, shard] = [suite.name(), suite.name()]
    await suite.store().transact([put(partition, 'a', shard, 10)])
    const failing: Write[] = [
      put(partition, 'b', shard, 5),
      { op: 'delete', key: { partition, sort: 'a' } },
      { op: 'check', key: { partition, sort: 'c' }, when: [{ kind: 'item-present' }] },
    ]
    await expect(suite.store().transact(failing)).rejects.toThrow('the condition of write 2 did not hold')
    expect(await due(shard, 100)).toEqual(['a@10'])
  })

  it.each([1, 3, 10, 40])('pages by %i through items that are due at the same instant', async (limit) => {
    const [partition, shard] = [suite.name(), suite.name()]
    const sorts = Array.from({ length: 40 }, (_, index) => `item-${index}`)
    await suite
      .store()
      .transact(sorts.map((sort, index) => put(partition, sort, shard, index < 30 ? 7 : index)))
    const found = await due(shard, 38, limit)
    expect([...found].sort()).toEqual(
      sorts
        .slice(0, 39)
        .map((sort, index) => `${sort}@${index < 30 ? 7 : index}`)
        .sort(),
    )
    const instants = found.map((entry) => Number(entry.split('@')[1]))
    expect(instants).toEqual([...instants].sort((a, b) => a - b))
  })

  it('goes on where it was when what it handed out has moved away', async () => {
    const [partition, shard] = [suite.name(), suite.name()]
    const sorts = ['a', 'b', 'c', 'd', 'e', 'f']
    await suite.store().transact(sorts.map((sort, index) => put(partition, sort, shard, index)))
    await suite.settle()
    const first = await suite.store().queryDue({ shard, dueAtMostMs: 50, limit: 3 })
    await suite.store().transact(first.items.map(({ key }) => put(key.partition, key.sort, shard, 99)))
    await suite.settle()
    const second = await suite
      .store()
      .queryDue({ shard, dueAtMostMs: 50, limit: 3, nextToken: first.nextToken })
    expect([...first.items, ...second.items].map(({ key }) => key.sort)).toEqual(sorts)
  })

  it('refuses the token of another shard or instant', async () => {
    const [partition, shard] = [suite.name(), suite.name()]
    await suite.store().transact([put(partition, 'a', shard, 1), put(partition, 'b', shard, 2)])
    await suite.settle()
    const { nextToken } = await suite.store().queryDue({ shard, dueAtMostMs: 5, limit: 1 })
    expect(nextToken).toEqual(expect.any(String))
    for (const wrong of [
      { shard: suite.name(), dueAtMostMs: 5, limit: 1, nextToken },
      { shard, dueAtMostMs: 6, limit: 1, nextToken },
      { shard, dueAtMostMs: 5, limit: 1, nextToken: 'nonsense' },
    ]) {
      await expect(suite.store().queryDue(wrong)).rejects.toMatchObject({ code: 'invalid-query' })
    }
  })
}
