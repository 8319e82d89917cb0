import { type BudgetHolder, type BudgetName, rateOf } from '../../domain/charges.ts'
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

/** Budgets remembered of one kind: about 2 MB. Those that are full again are forgotten, which changes nothing. */
const MAX_HOLDERS = 10_000
/** Who comes when that many are in use shares one budget with the others who do: no name is this. */
const CROWD = ''
/** Looking for budgets that are full again takes half a millisecond: not for each request of a flood. */
const SWEEP_PAUSE_MS = 1_000

interface Kind {
  readonly rate: BucketRate
  readonly buckets: Map<string, Bucket>
  sweptAtMs: number
}

/** Budgets in this process's memory, which is bounded however many addresses a flood comes from. */
export class LocalBudgets implements Budgets {
  readonly #requestsPerSecond: number
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #maxHolders: number
  readonly #kinds = new Map<BudgetName, Kind>()

  constructor(options: {
    requestsPerSecond: number
    clock: Pick<Clock, 'monotonicMs'>
    maxHolders?: number
  }) {
    this.#requestsPerSecond = options.requestsPerSecond
    this.#clock = options.clock
    this.#maxHolders = options.maxHolders ?? MAX_HOLDERS
  }

  async take(holder: BudgetHolder): Promise<Standing> {
    const isAllowed = this.#bucketOf(holder).units >= 1
    if (isAllowed) this.charge(holder, 1)
    return { ...this.#standingOf(holder), isAllowed }
  }

  async look(holder: BudgetHolder): Promise<Standing> {
    return this.#standingOf(holder)
  }

  charge(holder: BudgetHolder, units: number): void {
    const kind = this.#kind(holder.budget)
    if (!kind.buckets.has(holder.of)) this.#makeRoom(kind)
    const after = charged(this.#bucketOf(holder), units)
    kind.buckets.set(this.#nameIn(kind, holder.of), after)
  }

  #standingOf(holder: BudgetHolder): Standing {
    const { rate } = this.#kind(holder.budget)
    const bucket = this.#bucketOf(holder)
    return {
      isAllowed: bucket.units >= 1,
      limit: rate.perSecond,
      remaining: Math.max(0, Math.floor(bucket.units)),
      secondsToFull: secondsUntil(bucket, rate, rate.burst),
      secondsToNext: secondsUntil(bucket, rate, 1),
    }
  }

  #bucketOf({ budget, of }: BudgetHolder): Bucket {
    const kind = this.#kind(budget)
    const nowMs = this.#clock.monotonicMs()
    const known = kind.buckets.get(this.#nameIn(kind, of))
    return known === undefined ? fullBucket(kind.rate, nowMs) : refilled(known, kind.rate, nowMs)
  }

  #nameIn({ buckets }: Kind, name: string): string {
    return buckets.has(name) || buckets.size < this.#maxHolders ? name : CROWD
  }

  #makeRoom(kind: Kind): void {
    const { rate, buckets } = kind
    const nowMs = this.#clock.monotonicMs()
    if (buckets.size < this.#maxHolders || nowMs - kind.sweptAtMs < SWEEP_PAUSE_MS) return
    kind.sweptAtMs = nowMs
    for (const [name, bucket] of buckets) {
      if (refilled(bucket, rate, nowMs).units >= rate.burst) buckets.delete(name)
    }
  }

  #kind(budget: BudgetName): Kind {
    const known = this.#kinds.get(budget)
    if (known !== undefined) return known
    const rate = rateOf(budget, this.#requestsPerSecond)
    const kind = { rate, buckets: new Map<string, Bucket>(), sweptAtMs: Number.NEGATIVE_INFINITY }
    this.#kinds.set(budget, kind)
    return kind
  }
}
