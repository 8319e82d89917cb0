import type { BudgetHolder } from '../../shared/domain/charges.ts'
import type { Budgets } from '../../shared/ports/budgets.ts'
import { ManualClock } from '../support/manual-clock.ts'

const ACME: BudgetHolder = { budget: 'requests', of: 'acme' }
const OTHER: BudgetHolder = { budget: 'requests', of: 'other' }

/** Takes so often as it says, and answers how often it was allowed. */
export async function takeAll(budgets: Budgets, holder: BudgetHolder, tries: number): Promise<number> {
  let taken = 0
  for (let count = 0; count < tries; count++) taken += Number((await budgets.take(holder)).isAllowed)
  return taken
}

/** What every adapter of budgets keeps; `slack` is how many requests a second it may let through besides. */
export function budgetsContract(
  name: string,
  open: (options: { requestsPerSecond: number; clock: ManualClock }) => Budgets,
  { slack }: { slack: number },
): void {
  describe(`${name} as budgets`, () => {
    let clock: ManualClock
    beforeEach(() => {
      clock = new ManualClock()
    })
    const expectAbout = (taken: number, allowed: number) => {
      expect(taken).toBeGreaterThanOrEqual(allowed)
      expect(taken).toBeLessThanOrEqual(allowed + slack)
    }

    it('refuses what is past a second’s worth, and says when there is more', async () => {
      const budgets = open({ requestsPerSecond: 200, clock })
      expectAbout(await takeAll(budgets, ACME, 500), 200)
      const refused = await budgets.take(ACME)
      expect(refused).toMatchObject({ isAllowed: false, limit: 200, remaining: 0 })
      expect(refused.secondsToNext).toBeGreaterThan(0)
      expect(refused.secondsToNext).toBeLessThan(0.2)
      await clock.advance(1_000)
      expectAbout(await takeAll(budgets, ACME, 500), 200)
    })

    it('tells without taking whether there is more', async () => {
      const budgets = open({ requestsPerSecond: 100, clock })
      await takeAll(budgets, ACME, 1_000)
      expect(await budgets.look(ACME)).toMatchObject({ isAllowed: false, remaining: 0 })
      await clock.advance(60_000)
      expect(await budgets.take(ACME)).toMatchObject({ isAllowed: true })
      expect(await budgets.look(ACME)).toMatchObject({ isAllowed: true })
    })

    it('keeps tenants and kinds apart', async () => {
      const budgets = open({ requestsPerSecond: 40, clock })
      expectAbout(await takeAll(budgets, ACME, 1_000), 40)
      expectAbout(await takeAll(budgets, OTHER, 1_000), 40)
      expectAbout(await takeAll(budgets, { budget: 'fetches', of: 'acme' }, 1_000), 400)
      expectAbout(await takeAll(budgets, { budget: 'unknown', of: 'acme' }, 1_000), 40)
    })

    it('has what work has cost paid before more is let through', async () => {
      const budgets = open({ requestsPerSecond: 100, clock })
      await budgets.take(ACME)
      budgets.charge(ACME, 250)
      // One that takes shares finds out with the next request.
      expect(await takeAll(budgets, ACME, 200)).toBeLessThanOrEqual(slack + 1)
      await clock.advance(1_000)
      expect(await takeAll(budgets, ACME, 200)).toBeLessThanOrEqual(slack)
      await clock.advance(2_000)
      expect(await takeAll(budgets, ACME, 200)).toBeGreaterThan(10)
    })
  })
}
