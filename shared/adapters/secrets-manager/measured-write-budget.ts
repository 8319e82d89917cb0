import type { Clock } from '../../ports/clock.ts'
import type { Metrics } from '../../ports/metrics.ts'
import { WriteBudget, type WriteKind } from './write-budget.ts'

/** The write budget, with each write counted by its operation, and how long it waited for its turn. */
export class MeasuredWriteBudget extends WriteBudget {
  readonly #metrics: Metrics
  readonly #measuringClock: Pick<Clock, 'monotonicMs'>

  constructor(options: ConstructorParameters<typeof WriteBudget>[0] & { metrics: Metrics }) {
    super(options)
    this.#metrics = options.metrics
    this.#measuringClock = options.clock
  }

  override async take(kind: WriteKind): Promise<void> {
    const startedMs = this.#measuringClock.monotonicMs()
    await super.take(kind)
    this.#metrics.observe('secret_write_wait', this.#measuringClock.monotonicMs() - startedMs)
    this.#metrics.count('secret_writes', 1, { operation: kind })
  }
}
