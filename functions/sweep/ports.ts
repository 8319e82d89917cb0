import type { Metrics } from '../../shared/ports/metrics.ts'
import type { SweepPorts } from '../../shared/use-cases/rotation/sweep-due.ts'

/** What a sweep needs: the index, the queue, and how much the workers can do. */
export interface SweepFunctionPorts extends SweepPorts {
  readonly metrics: Metrics
  readonly rotationsPerMinute: number
  /** How many items the queue already holds. */
  queueDepth(): Promise<number>
}
