import { figuresOf } from '../../shared/ports/log.ts'
import { measuredComparison, measuredReconcile } from '../../shared/use-cases/reconcile/measured-reconcile.ts'
import { failedRun } from '../failed-run.ts'
import type { ReconcileFunctionPorts } from './ports.ts'

/** Which of its jobs a schedule wakes the function for. */
export interface ReconcileEvent {
  /** `work` is past its deadline, each minute · `compare` both stores, each day. */
  readonly task: 'work' | 'compare'
}

/** The handler of the `reconcile` function; its log line says how many items it found, and what became of them. */
export function createHandler(ports: ReconcileFunctionPorts): (event: ReconcileEvent) => Promise<void> {
  return async ({ task }) => {
    try {
      if (task === 'compare') {
        await measuredComparison(ports)
        return
      }
      const report = await measuredReconcile(ports)
      ports.log.info('reconciled', figuresOf(report))
    } catch (error) {
      throw failedRun(ports.log, task === 'compare' ? 'the comparison' : 'the reconciliation', error)
    } finally {
      ports.metrics.flush()
    }
  }
}
