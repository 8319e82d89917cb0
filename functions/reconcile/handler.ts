import { figuresOf } from '../../shared/ports/log.ts'
import { compareOn } from '../../shared/use-cases/reconcile/compare-on.ts'
import { measureComparison, measuredReconcile } from '../../shared/use-cases/reconcile/measured-reconcile.ts'
import { failedRun } from '../failed-run.ts'
import type { ReconcileFunctionPorts } from './ports.ts'

/** Which of its jobs a schedule wakes the function for. */
export interface ReconcileEvent {
  /** `work` is past its deadline, each minute · `compare` both stores, on from where earlier runs were, once a day. */
  readonly task: 'work' | 'compare'
}

/**
 * The function has 15 minutes, and leaves time for the page under way. A run begins every five, so that up to three go
 * on side by side, each with a few of the segments: those that another holds are left out.
 */
const RUN = { segments: 24, lanes: 4, runMs: 13 * 60_000, holdMs: 20 * 60_000 } as const

/** The handler of the `reconcile` function; its log line says how many items it found, and what became of them. */
export function createHandler(ports: ReconcileFunctionPorts): (event: ReconcileEvent) => Promise<void> {
  return async ({ task }) => {
    try {
      if (task === 'compare') {
        const report = await compareOn(ports, RUN)
        if (report !== undefined) measureComparison(ports, report)
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
