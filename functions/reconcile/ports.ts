import type { Metrics } from '../../shared/ports/metrics.ts'
import type { ReconcilePorts } from '../../shared/use-cases/reconcile/reconcile-work.ts'

/** What the function reaches the world through. */
export interface ReconcileFunctionPorts extends ReconcilePorts {
  readonly metrics: Metrics
}
