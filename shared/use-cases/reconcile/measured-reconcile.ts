import type { Metrics } from '../../ports/metrics.ts'
import type { ComparisonReport } from './page-comparison.ts'
import { reconcileStores } from './reconcile-stores.ts'
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

/** A daily comparison of both stores, with what it removed, and the pointers to nothing that people must look at. */
export async function measuredComparison(
  ports: ReconcilePorts & { readonly metrics: Metrics },
): Promise<ComparisonReport> {
  const report = await reconcileStores(ports)
  measureComparison(ports, report)
  return report
}

/** The figures of a comparison that has come to its end; the alarm for one that does not run counts them. */
export function measureComparison(
  { metrics }: { readonly metrics: Metrics },
  report: ComparisonReport,
): void {
  const items = {
    'orphan-removed': report.scheduled + report.purged + report.discarded,
    'orphan-postponed': report.postponed,
    'secret-restored': report.restored,
    'pointer-dangling': report.danglingPointers,
    'item-unreadable': report.unreadable,
  }
  for (const [kind, count] of Object.entries(items)) metrics.count('reconcile_items', count, { kind })
}
