import type { ConnectionRow } from '../../domain/connection.ts'
import type { Clock } from '../../ports/clock.ts'

/** Attempts of unknown outcome watched at a time; past it all are forgotten, which only makes resends later. */
const MAX_WATCHED = 100_000

/**
 * For how long this process has seen an attempt unchanged, on a clock that only moves forward: wall clocks of
 * two machines cannot tell whether the sender of a request still waits for its answer.
 */
export class AttemptWatch {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #boot: string | undefined
  readonly #firstSeenMs = new Map<string, number>()

  /** `boot` names this run where a lock proves that it is the only one: an attempt of another is over then. */
  constructor(clock: Pick<Clock, 'monotonicMs'>, boot?: string) {
    this.#clock = clock
    this.#boot = boot
  }

  /**
   * Milliseconds since this process first asked about the row's attempt as it is; 0 the first time, and Infinity
   * where its sender is known to be gone.
   */
  watchedMs(row: ConnectionRow): number {
    const { attempt } = row
    if (attempt === undefined) return 0
    if (this.#boot !== undefined && attempt.boot !== this.#boot) return Number.POSITIVE_INFINITY
    const key = `${row.tenant} ${row.id} ${attempt.fence} ${attempt.unknownAtMs ?? 'sent'}`
    const now = this.#clock.monotonicMs()
    const first = this.#firstSeenMs.get(key)
    if (first !== undefined) return now - first
    if (this.#firstSeenMs.size >= MAX_WATCHED) this.#firstSeenMs.clear()
    this.#firstSeenMs.set(key, now)
    return 0
  }
}
