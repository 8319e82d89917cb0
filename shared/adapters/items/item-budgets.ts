import { LRUCache } from 'lru-cache'
import { type BudgetHolder, rateOf } from '../../domain/charges.ts'
import { budgetKey } from '../../domain/limit-keys.ts'
import {
  type Bucket,
  type BucketRate,
  charged,
  fullBucket,
  refilled,
  secondsUntil,
} from '../../domain/token-bucket.ts'
import type { Budgets, Standing } from '../../ports/budgets.ts'
import type { Clock } from '../../ports/clock.ts'
import { type ItemStore, StoreUnavailableError } from '../../ports/item-store.ts'
import type { Random } from '../../ports/random.ts'
import { takeShare } from './shared-bucket.ts'

/** Taken from the table at a time: one write a hundred requests. */
const SHARE_UNITS = 100
/** A share is at most this part of a second's worth, so that a small budget is not all in one process's hands. */
const SHARE_OF_SECOND = 1 / 4
/**
 * What a process lets through without asking the table, a second: who makes few requests costs no write, and the
 * limit is exceeded by this much a process at most. Of a small budget it is a tenth.
 */
const UNCOUNTED: BucketRate = { perSecond: 2, burst: 5 }
const UNCOUNTED_PART = 1 / 10
/** Holders remembered; of one that is forgotten a share of a hundred requests is lost at most. */
const MAX_HOLDERS = 10_000

interface Share {
  /** What this process may still let through; below nothing when work has cost more than was taken for it. */
  units: number
  uncounted: Bucket
  /** The budget as the table last had it. */
  seen: Bucket
  emptyUntilMs: number
}

type Stores = { readonly items: ItemStore; readonly clock: Clock; readonly random: Random }

/**
 * Budgets of tenants that hold across processes, approximately: each takes shares of a tenant's bucket in the table,
 * and lets a few requests a second through without. Addresses are counted in the process alone, by `unknown`: anybody
 * could fill a table with them. While the table does not answer, so are tenants.
 */
export class ItemBudgets implements Budgets {
  readonly #ports: Stores
  readonly #requestsPerSecond: number
  readonly #local: Budgets
  readonly #shares = new LRUCache<string, Share>({ max: MAX_HOLDERS })

  constructor(options: Stores & { requestsPerSecond: number; local: Budgets }) {
    this.#ports = options
    this.#requestsPerSecond = options.requestsPerSecond
    this.#local = options.local
  }

  async take(holder: BudgetHolder): Promise<Standing> {
    if (holder.budget === 'unknown') return this.#local.take(holder)
    const share = this.#shareOf(holder)
    const nowMs = this.#ports.clock.nowMs()
    share.uncounted = refilled(share.uncounted, uncountedOf(this.#rateOf(holder)), nowMs)
    if (share.uncounted.units >= 1 && share.units >= 0) {
      share.uncounted = charged(share.uncounted, 1)
      return this.#standing(holder, share, true)
    }
    const isAsked = share.units < 1 && nowMs >= share.emptyUntilMs
    const refill = isAsked ? await this.#refill(holder, share) : 'settled'
    if (refill === 'away') return this.#local.take(holder)
    // Who loses the race for a share to other processes is no flood: the request passes, and is paid with the next one.
    const isAllowed = share.units >= 1 || refill === 'outrun'
    if (isAllowed) share.units -= 1
    return this.#standing(holder, share, isAllowed)
  }

  async look(holder: BudgetHolder): Promise<Standing> {
    if (holder.budget === 'unknown') return this.#local.look(holder)
    return this.#standing(holder, this.#shareOf(holder))
  }

  charge(holder: BudgetHolder, units: number): void {
    if (holder.budget === 'unknown') this.#local.charge(holder, units)
    else this.#shareOf(holder).units -= units
  }

  /** Takes what is owed and a share, unless the table is away or others were faster each time. */
  async #refill(holder: BudgetHolder, share: Share): Promise<'settled' | 'outrun' | 'away'> {
    const rate = this.#rateOf(holder)
    const wanted = Math.max(1, Math.min(SHARE_UNITS, Math.floor(rate.perSecond * SHARE_OF_SECOND)))
    // What is owed may be more than there is: then the budget owes it, and everybody waits for it.
    const [least, most] = [1 - share.units, wanted - share.units]
    try {
      const key = budgetKey(holder.of, holder.budget)
      const taken = await takeShare(this.#ports, key, { rate, least, most })
      share.seen = taken.bucket
      if (taken.isOutrun) return 'outrun'
      share.units += taken.units
      share.emptyUntilMs = this.#ports.clock.nowMs() + taken.emptyForMs
      return 'settled'
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error
      // Requests are answered without it, as long as the rest can be had.
      return 'away'
    }
  }

  /** By what is here and what the table has by now, where nothing was asked for that says it. */
  #standing(holder: BudgetHolder, share: Share, decided?: boolean): Standing {
    const rate = this.#rateOf(holder)
    const seen = refilled(share.seen, rate, this.#ports.clock.nowMs())
    const all = { ...seen, units: Math.min(rate.burst, seen.units + share.units) }
    const isAllowed = decided ?? all.units >= 1
    return {
      isAllowed,
      limit: rate.perSecond,
      remaining: isAllowed ? Math.max(0, Math.floor(all.units)) : 0,
      secondsToFull: secondsUntil(all, rate, rate.burst),
      secondsToNext: isAllowed ? 0 : Math.max(secondsUntil(all, rate, 1), 1 / rate.perSecond),
    }
  }

  #rateOf({ budget }: BudgetHolder): BucketRate {
    return rateOf(budget, this.#requestsPerSecond)
  }

  #shareOf(holder: BudgetHolder): Share {
    const name = `${holder.budget} ${holder.of}`
    const known = this.#shares.get(name)
    if (known !== undefined) return known
    const nowMs = this.#ports.clock.nowMs()
    const rate = this.#rateOf(holder)
    const uncounted = fullBucket(uncountedOf(rate), nowMs)
    const share = { units: 0, uncounted, seen: fullBucket(rate, nowMs), emptyUntilMs: 0 }
    this.#shares.set(name, share)
    return share
  }
}

function uncountedOf({ perSecond }: BucketRate): BucketRate {
  const part = perSecond * UNCOUNTED_PART
  return { perSecond: Math.min(UNCOUNTED.perSecond, part), burst: Math.min(UNCOUNTED.burst, part) }
}
