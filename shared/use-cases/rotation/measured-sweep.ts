import type { Metrics } from '../../ports/metrics.ts'
import { type SweepLimits, type SweepPorts, type SweepReport, sweepDue } from './sweep-due.ts'

/** A sweep, with what it found told to the metrics. */
export async function measuredSweep(
  ports: SweepPorts & { readonly metrics: Metrics },
  limits: SweepLimits,
): Promise<SweepReport> {
  const report = await sweepDue(ports, limits)
  ports.metrics.gauge('oldest_due', report.oldestLateMs)
  ports.metrics.count('sweeps', 1, { outcome: report.full ? 'full' : 'complete' })
  return report
}
