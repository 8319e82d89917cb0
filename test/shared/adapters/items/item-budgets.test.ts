import { ItemBudgets } from '../../../../shared/adapters/items/item-budgets.ts'
import { LocalBudgets } from '../../../../shared/adapters/memory/local-budgets.ts'
import { MemoryItemStore } from '../../../../shared/adapters/memory/memory-item-store.ts'
import type { BudgetHolder } from '../../../../shared/domain/charges.ts'
import { type ItemStore, StoreUnavailableError } from '../../../../shared/ports/item-store.ts'
import { budgetsContract, takeAll } from '../../../contract/budgets.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { SeededRandom } from '../../../support/seeded-random.ts'

const ACME: BudgetHolder = { budget: 'requests', of: 'acme' }
/** What each process lets through uncounted: five at once, and two a second. */
const SLACK = 7

function open(options: { requestsPerSecond: number; clock: ManualClock; items?: ItemStore; seed?: number }) {
  const { requestsPerSecond, clock, items = new MemoryItemStore(), seed = 1 } = options
  const local = new LocalBudgets({ requestsPerSecond, clock })
  return new ItemBudgets({ items, clock, random: new SeededRandom(seed), requestsPerSecond, local })
}

/** A store that counts its writes. */
function counted(store: ItemStore): ItemStore & { writes: number } {
  const counting = {
    writes: 0,
    get: (key: Parameters<ItemStore['get']>[0]) => store.get(key),
    query: (query: Parameters<ItemStore['query']>[0]) => store.query(query),
    queryDue: (query: Parameters<ItemStore['queryDue']>[0]) => store.queryDue(query),
    scan: (query: Parameters<ItemStore['scan']>[0]) => store.scan(query),
    transact: (writes: Parameters<ItemStore['transact']>[0]) => {
      counting.writes++
      return store.transact(writes)
    },
  }
  return counting
}

budgetsContract('ItemBudgets', open, { slack: SLACK })

describe('ItemBudgets', () => {
  let clock: ManualClock
  beforeEach(() => {
    clock = new ManualClock()
  })

  it('holds across processes: ten of them together let through what one may, and little more', async () => {
    const items = new MemoryItemStore()
    const processes = Array.from({ length: 10 }, (_, seed) =>
      open({ requestsPerSecond: 400, clock, items, seed: seed + 1 }),
    )
    let allowed = 0
    for (let second = 0; second < 3; second++) {
      const taken = await Promise.all(processes.map((one) => takeAll(one, ACME, 300)))
      allowed += taken.reduce((sum, one) => sum + one, 0)
      await clock.advance(1_000)
    }
    expect(allowed).toBeGreaterThan(3 * 400 * 0.8)
    expect(allowed).toBeLessThan(3 * (400 + 10 * SLACK))
  })

  it('writes once for a hundred requests, and not at all for few', async () => {
    const items = counted(new MemoryItemStore())
    const budgets = open({ requestsPerSecond: 1_000, clock, items })
    await takeAll(budgets, ACME, 3)
    expect(items.writes).toBe(0)
    await takeAll(budgets, ACME, 800)
    expect(items.writes).toBeLessThanOrEqual(9)
  })

  it('asks the table no more while a budget is empty', async () => {
    const items = counted(new MemoryItemStore())
    const budgets = open({ requestsPerSecond: 50, clock, items })
    await takeAll(budgets, ACME, 100)
    const { writes } = items
    await takeAll(budgets, ACME, 10_000)
    expect(items.writes).toBe(writes)
  })

  it('counts in the process alone while the table is away', async () => {
    const away = () => Promise.reject(new StoreUnavailableError('away', 'not-applied'))
    const items = { ...counted(new MemoryItemStore()), get: away }
    const budgets = open({ requestsPerSecond: 50, clock, items })
    const taken = await takeAll(budgets, ACME, 1_000)
    expect(taken).toBeGreaterThanOrEqual(50)
    expect(taken).toBeLessThanOrEqual(50 + SLACK)
  })

  it('refuses nobody for losing the race for a share, and has it paid later', async () => {
    const store = new MemoryItemStore()
    let rivals = 0
    const items: ItemStore = {
      ...counted(store),
      // Another process takes its share between each look and its write, for as long as there are rivals.
      transact: async (writes) => {
        if (rivals-- > 0)
          await takeAll(open({ requestsPerSecond: 100, clock, items: store, seed: 9 + rivals }), ACME, 6)
        return store.transact(writes)
      },
    }
    const budgets = open({ requestsPerSecond: 100, clock, items })
    await takeAll(budgets, ACME, 5)
    rivals = 4
    expect(await budgets.take(ACME)).toMatchObject({ isAllowed: true })
    expect(rivals).toBe(0)
    const left = await takeAll(budgets, ACME, 1_000)
    expect(left).toBeLessThan(100)
  })

  it('keeps no address in the table', async () => {
    const items = counted(new MemoryItemStore())
    const budgets = open({ requestsPerSecond: 10, clock, items })
    expect(await takeAll(budgets, { budget: 'unknown', of: '192.0.2.1' }, 100)).toBe(10)
    expect(items.writes).toBe(0)
  })
})
