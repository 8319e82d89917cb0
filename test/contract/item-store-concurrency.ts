import { ConditionFailedError, StoreUnavailableError, type Write } from '../../shared/ports/item-store.ts'
import type { ItemStoreSuite } from './item-store.ts'

/** A store may turn away writers that collide; so often they try again before the test gives up. */
const MAX_TRIES = 200

/** Writers that race: one wins where a condition says so, and additions are never lost. */
export function itemStoreConcurrency(suite: ItemStoreSuite): void {
  const key = (partition: string, sort = 'a') => ({ partition, sort })

  /** Whether the writes were applied (true), or a condition failed. A refusal that applied nothing is repeated. */
  async function wins(...writes: Write[]): Promise<boolean> {
    for (let tries = 1; ; tries++) {
      try {
        await suite.store().transact(writes)
        return true
      } catch (error) {
        if (error instanceof ConditionFailedError) return false
        const mayRepeat = error instanceof StoreUnavailableError && error.outcome === 'not-applied'
        if (!mayRepeat || tries === MAX_TRIES) throw error
      }
    }
  }

  it('lets one of 50 creators win', async () => {
    const partition = suite.name()
    const races = Array.from({ length: 50 }, (_, racer) =>
      wins({ op: 'put', key: key(partition), attributes: { racer }, when: [{ kind: 'item-absent' }] }),
    )
    const results = await Promise.all(races)
    expect(results.filter((won) => won)).toHaveLength(1)
    expect(await suite.store().get(key(partition))).toEqual({ racer: results.indexOf(true) })
  })

  const counted = 'counts no further than a condition lets it, however many count at once'
  suite.itUnless('transactions-are-not-isolated', counted, async () => {
    const partition = suite.name()
    const races = Array.from({ length: 40 }, (_, racer) =>
      wins(
        { op: 'put', key: key(partition, `counted-${racer}`), attributes: { racer } },
        {
          op: 'update',
          key: key(partition),
          add: { total: 1 },
          when: [{ kind: 'absent-or-at-most', attribute: 'total', value: 6 }],
        },
      ),
    )
    const results = await Promise.all(races)
    expect(results.filter((won) => won)).toHaveLength(7)
    expect(await suite.store().get(key(partition))).toEqual({ total: 7 })
    const { items } = await suite.store().query({ partition, sortPrefix: 'counted-', limit: 100 })
    expect(items).toHaveLength(7)
  })

  const title = 'lets one of 50 writers that saw the same version win, with all that it writes'
  suite.itUnless('transactions-are-not-isolated', title, async () => {
    const partition = suite.name()
    await suite.store().transact([{ op: 'put', key: key(partition), attributes: { version: 1 } }])
    const races = Array.from({ length: 50 }, (_, racer) =>
      wins(
        { op: 'put', key: key(partition, `event-${racer}`), attributes: {} },
        {
          op: 'update',
          key: key(partition),
          set: { racer },
          add: { version: 1 },
          when: [{ kind: 'equals', attribute: 'version', value: 1 }],
        },
      ),
    )
    const winner = (await Promise.all(races)).indexOf(true)
    const { items } = await suite.store().query({ partition, limit: 60 })
    expect(items.map((item) => item.key.sort)).toEqual(['a', `event-${winner}`])
    expect(items[0]?.attributes).toEqual({ version: 2, racer: winner })
  })

  it('loses none of 100 additions to one counter', async () => {
    const partition = suite.name()
    await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        wins({ op: 'update', key: key(partition), add: { count: 1, sum: index } }),
      ),
    )
    expect(await suite.store().get(key(partition))).toEqual({ count: 100, sum: 4950 })
  })

  it('keeps two items that always change together in step for every reader', async () => {
    const partition = suite.name()
    const both = (n: number): Write[] => [
      { op: 'put', key: key(partition, 'left'), attributes: { n } },
      { op: 'put', key: key(partition, 'right'), attributes: { n } },
    ]
    await suite.store().transact(both(0))
    let writing = true
    const writer = (async () => {
      for (let n = 1; n <= 40; n++) await wins(...both(n))
      writing = false
    })()
    while (writing) {
      // Read one after the other: the second may be newer than the first, and never older.
      const left = await suite.store().get(key(partition, 'left'))
      const right = await suite.store().get(key(partition, 'right'))
      expect(Number(right?.['n'])).toBeGreaterThanOrEqual(Number(left?.['n']))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await writer
    expect(await suite.store().get(key(partition, 'right'))).toEqual({ n: 40 })
  })
}
