import type { Metrics } from '../ports/metrics.ts'
import { type ReconcilePorts, type ReconcileReport, reconcileWork } from './reconcile-work.ts'

/** A run of reconcile, with what it put right told to the metrics. */
export async function measuredReconcile(
  ports: ReconcilePorts & { readonly metrics: Metrics },
): Promise<ReconcileReport> {
  const report = await reconcileWork(ports)
  const items = {
    'intent-undone': report.undone,
    'deletion-finished': report.deletionsFinished,
    'tombstone-removed': report.tombstonesRemoved,
    'freeze-job': report.freezeJobs,
    rescue: report.rescues,
    failed: report.failed,
  }
  // Zeros are counted as well, so that a figure is there before the first time it matters.
  for (const [kind, count] of Object.entries(items)) ports.metrics.count('reconcile_items', count, { kind })
  if (report.rescues > 0) ports.metrics.count('rescues', report.rescues, { outcome: 'left' })
  return report
}
