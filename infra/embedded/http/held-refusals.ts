import { LRUCache } from 'lru-cache'
import { type Bucket, charged, fullBucket, refilled } from '../../../shared/domain/token-bucket.ts'
import type { Clock } from '../../../shared/ports/clock.ts'

/** So many refusals a second are told at once: more than who heeds `Retry-After` ever gets. */
const AT_ONCE = { perSecond: 20, burst: 20 }
/** The next ones are told when something may be had again, which is what `Retry-After: 1` says. */
const HELD_MS = 1_000
/**
 * And not all of them in one moment: a refusal costs a tenth of a millisecond and more, so 500 a second cost little.
 */
const SPACING_MS = 2
/** Holders remembered; who is forgotten is told at once again. */
const MAX_HOLDERS = 10_000

interface Holder {
  bucket: Bucket
  /** When the last of those that are held is told. */
  lastToldAtMs: number
}

/**
 * Holds back the refusals of who sends far more than it may. Whoever waits for an answer before it asks again then
 * asks seldom, so that refusing a flood takes next to nothing from the others.
 */
export class HeldRefusals {
  readonly #clock: Pick<Clock, 'monotonicMs' | 'sleep'>
  readonly #holders = new LRUCache<string, Holder>({ max: MAX_HOLDERS })

  constructor(clock: Pick<Clock, 'monotonicMs' | 'sleep'>) {
    this.#clock = clock
  }

  /** Resolves when a refusal of this holder's may be told. */
  async untilTold(name: string): Promise<void> {
    const nowMs = this.#clock.monotonicMs()
    const holder = this.#holders.get(name) ?? { bucket: fullBucket(AT_ONCE, nowMs), lastToldAtMs: 0 }
    this.#holders.set(name, holder)
    holder.bucket = refilled(holder.bucket, AT_ONCE, nowMs)
    if (holder.bucket.units >= 1) {
      holder.bucket = charged(holder.bucket, 1)
      return
    }
    holder.lastToldAtMs = Math.max(nowMs + HELD_MS, holder.lastToldAtMs + SPACING_MS)
    await this.#clock.sleep(holder.lastToldAtMs - nowMs)
  }
}
