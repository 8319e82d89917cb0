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

/** The turns of all instances together. */
export interface WriteTurns {
  /** None when a write of this kind may go, else the ms to come again after; undefined when nobody can tell. */
  take(kind: WriteKind): Promise<number | undefined>
}

/**
 * Holds writes to `turns`; without them, or while they cannot be told, spaces this instance's writes evenly, so that `maxInstances` of them stay at `WRITES_PER_SECOND` of each kind
 * (a second in which all of them start together sees one write more of each). Waits are served in order.
 */
export class WriteBudget {
  readonly #clock: Clock
  /** Between two writes of one kind. */
  readonly spacingMs: number
  readonly #maxWaitMs: number
  readonly #turns: WriteTurns | undefined
  /** When each kind's next write may go, on the monotonic clock. */
  readonly #nextAtMs = new Map<WriteKind, number>()

  /** Throws `InvariantError` unless `maxInstances` is a whole number from 1. */
  constructor({
    clock,
    maxInstances,
    maxWaitMs,
    turns,
  }: { clock: Clock; maxInstances: number; maxWaitMs?: number; turns?: WriteTurns }) {
    if (!Number.isInteger(maxInstances) || maxInstances < 1) {
      throw new InvariantError('a write budget needs a whole number of instances from 1')
    }
    this.#clock = clock
    this.spacingMs = (1000 * maxInstances) / WRITES_PER_SECOND
    this.#maxWaitMs = maxWaitMs ?? MAX_WAIT_MS
    this.#turns = turns
  }

  /**
   * Resolves when a write of this kind may go. Throws `StoreUnavailableError` (`not-applied`) at once, without
   * taking a place, when that would be later than the longest wait.
   */
  async take(kind: WriteKind): Promise<void> {
    if (this.#turns !== undefined && (await this.#takeTurn(kind, this.#turns))) return
    const nowMs = this.#clock.monotonicMs()
    const atMs = Math.max(nowMs, this.#nextAtMs.get(kind) ?? nowMs)
    const waitMs = atMs - nowMs
    if (waitMs > this.#maxWaitMs) {
      throw tooMany(kind)
    }
    this.#nextAtMs.set(kind, atMs + this.spacingMs)
    if (waitMs > 0) await this.#clock.sleep(waitMs)
  }

  /** Waits for a turn of all instances; false when nobody can tell whose it is. */
  async #takeTurn(kind: WriteKind, turns: WriteTurns): Promise<boolean> {
    const startedMs = this.#clock.monotonicMs()
    for (;;) {
      const waitMs = await turns.take(kind)
      if (waitMs === undefined) return false
      if (waitMs === 0) return true
      if (this.#clock.monotonicMs() - startedMs + waitMs > this.#maxWaitMs) throw tooMany(kind)
      await this.#clock.sleep(waitMs)
    }
  }
}

function tooMany(kind: WriteKind): StoreUnavailableError {
  return new StoreUnavailableError(`too many Secrets Manager writes (${kind}) are waiting`, 'not-applied')
}
