import type { Clock } from '../../ports/clock.ts'
import type { Metrics } from '../../ports/metrics.ts'
import { WriteBudget, type WriteKind } from './write-budget.ts'

const WINDOW_MS = 60_000

/** The writes of one kind in the minute that began at `startedMs`, and in the one before it. */
interface Minute {
  startedMs: number
  writes: number
  before: number
}

/** The write budget, with each write counted by its operation, how long it waited, and how much of the budget is used. */
export class MeasuredWriteBudget extends WriteBudget {
  readonly #metrics: Metrics
  readonly #measuringClock: Pick<Clock, 'monotonicMs'>
  readonly #minutes = new Map<WriteKind, Minute>()

  constructor(options: ConstructorParameters<typeof WriteBudget>[0] & { metrics: Metrics }) {
    super(options)
    this.#metrics = options.metrics
    this.#measuringClock = options.clock
  }

  override async take(kind: WriteKind): Promise<void> {
    const startedMs = this.#measuringClock.monotonicMs()
    await super.take(kind)
    const nowMs = this.#measuringClock.monotonicMs()
    this.#metrics.observe('secret_write_wait', nowMs - startedMs)
    this.#metrics.count('secret_writes', 1, { operation: kind })
    this.#metrics.gauge('secret_write_budget_use', this.#useOf(kind, nowMs), { operation: kind })
  }

  /** The part of a minute's writes that the last minute had: the one before counts for what is left of it. */
  #useOf(kind: WriteKind, nowMs: number): number {
    const known = this.#minutes.get(kind) ?? { startedMs: nowMs, writes: 0, before: 0 }
    const passed = Math.floor((nowMs - known.startedMs) / WINDOW_MS)
    const minute: Minute = {
      startedMs: known.startedMs + passed * WINDOW_MS,
      writes: passed === 0 ? known.writes + 1 : 1,
      before: passed === 0 ? known.before : passed === 1 ? known.writes : 0,
    }
    this.#minutes.set(kind, minute)
    const left = 1 - (nowMs - minute.startedMs) / WINDOW_MS
    return (minute.writes + minute.before * left) / (WINDOW_MS / this.spacingMs)
  }
}
