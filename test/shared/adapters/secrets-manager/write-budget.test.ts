import { WriteBudget } from '../../../../shared/adapters/secrets-manager/write-budget.ts'
import { InvariantError } from '../../../../shared/domain/errors.ts'
import { StoreUnavailableError } from '../../../../shared/ports/item-store.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

let clock: ManualClock

beforeEach(() => {
  clock = new ManualClock()
})

describe('WriteBudget', () => {
  it('lets a write go at once when none went before', async () => {
    const budget = new WriteBudget({ clock, maxInstances: 10 })
    await expect(budget.take('put')).resolves.toBeUndefined()
  })

  it.each([
    { maxInstances: 1, count: 351 },
    { maxInstances: 5, count: 71 },
    { maxInstances: 35, count: 11 },
  ])('lets $count writes go in 10,001 ms as one of $maxInstances', async ({ maxInstances, count }) => {
    const budget = new WriteBudget({ clock, maxInstances, maxWaitMs: 60_000 })
    let gone = 0
    for (let n = 0; n < 400; n += 1)
      void budget.take('put').then(
        () => (gone += 1),
        () => undefined,
      )
    // A millisecond more, so that no rounding decides whether the last one is in.
    await clock.advance(10_001)
    expect(gone).toBe(count)
  })

  it('keeps all instances together at 35 a second, however long they are idle first', async () => {
    const budgets = Array.from(
      { length: 7 },
      () => new WriteBudget({ clock, maxInstances: 7, maxWaitMs: 60_000 }),
    )
    await Promise.all(budgets.map((budget) => budget.take('put')))
    await clock.advance(3_600_000)
    let gone = 0
    for (const budget of budgets) {
      for (let n = 0; n < 100; n += 1) void budget.take('put').then(() => (gone += 1))
    }
    // A millisecond more, so that no rounding decides whether the last one is in.
    await clock.advance(10_001)
    expect(gone).toBe(350 + 7)
  })

  it('serves in the order of asking', async () => {
    const budget = new WriteBudget({ clock, maxInstances: 35 })
    const order: number[] = []
    for (const n of [1, 2, 3]) void budget.take('put').then(() => order.push(n))
    await clock.advance(2_000)
    expect(order).toEqual([1, 2, 3])
  })

  it('counts each kind of write by itself', async () => {
    const budget = new WriteBudget({ clock, maxInstances: 35 })
    let gone = 0
    for (const kind of ['create', 'put', 'delete', 'restore'] as const)
      void budget.take(kind).then(() => (gone += 1))
    await clock.advance(0)
    expect(gone).toBe(4)
  })

  it('refuses at once, not applied, when the wait would be too long, and keeps no place for it', async () => {
    const budget = new WriteBudget({ clock, maxInstances: 35, maxWaitMs: 2_000 })
    const going = [budget.take('put'), budget.take('put'), budget.take('put')]
    const refused = await budget.take('put').catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(StoreUnavailableError)
    expect(refused).toMatchObject({ outcome: 'not-applied' })
    await clock.advance(2_000)
    await Promise.all(going)
    // The next place is at 3 s: had the refused one kept its own, this would be another second later.
    let gone = false
    void budget.take('put').then(() => (gone = true))
    await clock.advance(1_000)
    expect(gone).toBe(true)
  })

  it.each([0, -1, 1.5, Number.NaN])('refuses %d instances', (maxInstances) => {
    expect(() => new WriteBudget({ clock, maxInstances })).toThrow(InvariantError)
  })
})
