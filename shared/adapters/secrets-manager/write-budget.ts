import { InvariantError } from '../../domain/errors.ts'
import type { Clock } from '../../ports/clock.ts'
import { StoreUnavailableError } from '../../ports/item-store.ts'

/** Each is an API quota of its own; a wave of deletions must not slow people's changes down. */
export type WriteKind = 'create' | 'put' | 'delete' | 'restore'

/**
 * Writes a second for all instances together: 70 % of the 50 a second that AWS allows an account and Region for
 * each kind and does not raise (Secrets Manager quotas page). The rest is for operators and other applications.
 */
export const WRITES_PER_SECOND = 35

/** Longer waits are better spent in the due index or in the caller's retry than in a running function. */
const MAX_WAIT_MS = 5_000

/**
 * Spaces this instance's writes evenly, so that `maxInstances` of them stay at `WRITES_PER_SECOND` of each kind
 * (a second in which all of them start together sees one write more of each). Waits are served in order.
 */
export class WriteBudget {
  readonly #clock: Clock
  /** Between two writes of one kind. */
  readonly spacingMs: number
  readonly #maxWaitMs: number
  /** When each kind's next write may go, on the monotonic clock. */
  readonly #nextAtMs = new Map<WriteKind, number>()

  /** Throws `InvariantError` unless `maxInstances` is a whole number from 1. */
  constructor({
    clock,
    maxInstances,
    maxWaitMs,
  }: { clock: Clock; maxInstances: number; maxWaitMs?: number }) {
    if (!Number.isInteger(maxInstances) || maxInstances < 1) {
      throw new InvariantError('a write budget needs a whole number of instances from 1')
    }
    this.#clock = clock
    this.spacingMs = (1000 * maxInstances) / WRITES_PER_SECOND
    this.#maxWaitMs = maxWaitMs ?? MAX_WAIT_MS
  }

  /**
   * Resolves when a write of this kind may go. Throws `StoreUnavailableError` (`not-applied`) at once, without
   * taking a place, when that would be later than the longest wait.
   */
  async take(kind: WriteKind): Promise<void> {
    const nowMs = this.#clock.monotonicMs()
    const atMs = Math.max(nowMs, this.#nextAtMs.get(kind) ?? nowMs)
    const waitMs = atMs - nowMs
    if (waitMs > this.#maxWaitMs) {
      throw new StoreUnavailableError(`too many Secrets Manager writes (${kind}) are waiting`, 'not-applied')
    }
    this.#nextAtMs.set(kind, atMs + this.spacingMs)
    if (waitMs > 0) await this.#clock.sleep(waitMs)
  }
}
