import type { SweepReport } from '../../shared/use-cases/rotation/sweep-due.ts'
import { measuredSweep } from '../../shared/use-cases/rotation/sweep-due.ts'
import { failedRun } from '../failed-run.ts'
import type { SweepFunctionPorts } from './ports.ts'

/** A tenant gets at most this part of a minute's rotations while others wait. */
const TENANT_SHARE = 1 / 4

/**
 * The handler of the `sweep` function; its log line says how late the oldest due connection is (`ms`) and how many
 * went to the workers (`count`).
 */
export function createHandler(ports: SweepFunctionPorts): () => Promise<SweepReport> {
  return async () => {
    try {
      const depth = await ports.queueDepth()
      ports.metrics.gauge('work_queue_depth', depth)
      // What waits in the queue already counts as work of this minute.
      const capacity = Math.max(0, ports.rotationsPerMinute - depth)
      const report = await measuredSweep(ports, { capacity, perTenant: Math.ceil(capacity * TENANT_SHARE) })
      ports.log.info('swept', { count: report.enqueued, ms: report.oldestLateMs })
      return report
    } catch (error) {
      throw failedRun(ports.log, 'the sweep', error)
    } finally {
      ports.metrics.flush()
    }
  }
}
