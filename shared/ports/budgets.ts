import type { BudgetHolder } from '../domain/charges.ts'

/** How a budget stands after a request was looked at. */
export interface Standing {
  /** False when nothing was left, and then nothing was taken. */
  readonly isAllowed: boolean
  /** Units a second. */
  readonly limit: number
  /** Whole units that are left, never below nothing. */
  readonly remaining: number
  readonly secondsToFull: number
  /** Until one unit is there; none when it is. */
  readonly secondsToNext: number
}

/**
 * The budgets of tenants and of addresses, so that nobody's requests cost another's time. What a request costs beyond
 * its first unit is known only when it has been worked: it is owed, and the next request waits for it.
 */
export interface Budgets {
  /** Takes one unit when at least one is there. */
  take(holder: BudgetHolder): Promise<Standing>
  /** How it stands, with nothing taken. */
  look(holder: BudgetHolder): Promise<Standing>
  /** Takes what work has cost, there or not. */
  charge(holder: BudgetHolder, units: number): void
}
