import { ItemWriteTurns } from '../../../../shared/adapters/items/item-write-turns.ts'
import { MemoryItemStore } from '../../../../shared/adapters/memory/memory-item-store.ts'
import { WriteBudget } from '../../../../shared/adapters/secrets-manager/write-budget.ts'
import { StoreUnavailableError } from '../../../../shared/ports/item-store.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { SeededRandom } from '../../../support/seeded-random.ts'

describe('ItemWriteTurns, behind a write budget', () => {
  const items = () => new MemoryItemStore()

  function budgets(store: MemoryItemStore, clock: ManualClock, instances: number): WriteBudget[] {
    return Array.from({ length: instances }, (_, seed) => {
      const turns = new ItemWriteTurns({ items: store, clock, random: new SeededRandom(seed + 1) })
      return new WriteBudget({ clock, maxInstances: 1, turns })
    })
  }

  it('lets twenty instances write no more than one may, and all that may be', async () => {
    const [store, clock] = [items(), new ManualClock()]
    let written = 0
    let refused = 0
    const writes = budgets(store, clock, 20).flatMap((budget) =>
      Array.from({ length: 10 }, () =>
        budget.take('create').then(
          () => written++,
          () => refused++,
        ),
      ),
    )
    // What each of three seconds has.
    for (let passed = 0; passed < 20; passed++) await clock.advance(100)
    expect(written).toBeGreaterThan(60)
    expect(written).toBeLessThanOrEqual(35 * 3)
    for (let passed = 0; passed < 80; passed++) await clock.advance(100)
    await Promise.all(writes)
    expect(written + refused).toBe(200)
    expect(written).toBeGreaterThan(150)
  })

  it('keeps kinds apart, as their quotas are', async () => {
    const [budget] = budgets(items(), new ManualClock(), 1)
    for (let count = 0; count < 30; count++) await budget!.take('create')
    for (let count = 0; count < 30; count++) await budget!.take('put')
  })

  it('spaces its own writes while the table does not answer', async () => {
    const clock = new ManualClock()
    const away = () => Promise.reject(new StoreUnavailableError('away', 'not-applied'))
    const turns = new ItemWriteTurns({
      items: { transact: away } as never,
      clock,
      random: new SeededRandom(1),
    })
    const budget = new WriteBudget({ clock, maxInstances: 35, turns })
    await budget.take('put')
    let isNext = false
    const next = budget.take('put').then(() => {
      isNext = true
    })
    await clock.advance(999)
    expect(isNext).toBe(false)
    await clock.advance(1)
    await next
  })
})
