import { LocalBudgets } from '../../../../shared/adapters/memory/local-budgets.ts'
import type { BudgetHolder } from '../../../../shared/domain/charges.ts'
import { budgetsContract, takeAll } from '../../../contract/budgets.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const ACME: BudgetHolder = { budget: 'requests', of: 'acme' }
const OTHER: BudgetHolder = { budget: 'requests', of: 'other' }

budgetsContract('LocalBudgets', (options) => new LocalBudgets(options), { slack: 0 })

describe('LocalBudgets', () => {
  let clock: ManualClock
  beforeEach(() => {
    clock = new ManualClock()
  })

  it('tells how a budget stands, and takes nothing for what it refuses', async () => {
    const budgets = new LocalBudgets({ requestsPerSecond: 4, clock })
    expect(await budgets.take(ACME)).toEqual({
      isAllowed: true,
      limit: 4,
      remaining: 3,
      secondsToFull: 0.25,
      secondsToNext: 0,
    })
    expect(await takeAll(budgets, ACME, 100)).toBe(3)
    expect(await budgets.look(ACME)).toEqual({
      isAllowed: false,
      limit: 4,
      remaining: 0,
      secondsToFull: 1,
      secondsToNext: 0.25,
    })
  })

  it('lets a tenant that reads ten thousand rows read as many again a second later, and others at once', async () => {
    const budgets = new LocalBudgets({ requestsPerSecond: 100, clock })
    await budgets.take(ACME)
    budgets.charge(ACME, 100)
    budgets.charge(ACME, 100)
    expect(await budgets.take(ACME)).toMatchObject({ isAllowed: false, remaining: 0 })
    expect(await budgets.take(OTHER)).toMatchObject({ isAllowed: true, remaining: 99 })
    await clock.advance(1_000)
    expect(await budgets.take(ACME)).toMatchObject({ isAllowed: false })
    await clock.advance(1_000)
    expect(await budgets.take(ACME)).toMatchObject({ isAllowed: true })
  })

  it('has those that come to a full memory share a budget, until the others’ are whole again', async () => {
    const budgets = new LocalBudgets({ requestsPerSecond: 10, clock, maxHolders: 50 })
    const flood = (from: number, count: number) =>
      Promise.all(
        Array.from({ length: count }, (_, index) =>
          budgets.take({ budget: 'unknown', of: `${from + index}` }),
        ),
      )
    await flood(0, 50)
    const more = await flood(50, 1_000)
    expect(more.filter(({ isAllowed }) => isAllowed)).toHaveLength(10)
    expect(await budgets.take({ budget: 'unknown', of: '7' })).toMatchObject({
      isAllowed: true,
      remaining: 8,
    })
    await clock.advance(1_000)
    const later = await flood(2_000, 40)
    expect(later.every(({ isAllowed, remaining }) => isAllowed && remaining === 9)).toBe(true)
  })
})
