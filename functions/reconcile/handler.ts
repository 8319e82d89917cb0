import type { Metrics } from '../../shared/ports/metrics.ts'
import { measuredReconcile } from '../../shared/use-cases/measured-reconcile.ts'
import type { ReconcilePorts } from '../../shared/use-cases/reconcile-work.ts'

/** What the function reaches the world through. */
export interface ReconcileFunctionPorts extends ReconcilePorts {
  readonly metrics: Metrics
}

/** Which of its jobs a schedule wakes the function for. */
export interface ReconcileEvent {
  readonly task: 'work'
}

/** The handler of the `reconcile` function. Alarms read its log line: `found` items, of which `done` were finished. */
export function createHandler(ports: ReconcileFunctionPorts): (event: ReconcileEvent) => Promise<void> {
  return async () => {
    try {
      const report = await measuredReconcile(ports)
      ports.log.info('reconciled', { found: report.found, done: report.found - report.failed })
    } finally {
      ports.metrics.flush()
    }
  }
}
