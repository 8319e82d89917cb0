import { type SweepPorts, type SweepReport, sweepDue } from '../../shared/use-cases/sweep-due.ts'

/** A tenant gets at most this part of a minute's rotations while others wait. */
const TENANT_SHARE = 1 / 4

/** What a sweep needs: the index, the queue, and how much the workers can do. */
export interface SweepFunctionPorts extends SweepPorts {
  readonly rotationsPerMinute: number
  /** How many items the queue already holds. */
  queueDepth(): Promise<number>
}

/**
 * The handler of the `sweep` function. Alarms read its log line: `ms` is how late the oldest due connection is,
 * `count` how many went to the workers.
 */
export function createHandler(ports: SweepFunctionPorts): () => Promise<SweepReport> {
  return async () => {
    // What waits in the queue already counts as work of this minute.
    const capacity = Math.max(0, ports.rotationsPerMinute - (await ports.queueDepth()))
    const report = await sweepDue(ports, { capacity, perTenant: Math.ceil(capacity * TENANT_SHARE) })
    ports.log.info('swept', { count: report.enqueued, ms: report.oldestLateMs })
    return report
  }
}
