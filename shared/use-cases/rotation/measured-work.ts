import { type AuditTrail, NO_AUDIT } from '../../ports/audit-trail.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { WorkItem } from '../../ports/work-queue.ts'
import { noteRotation } from './audited-grants.ts'
import { countRotation } from './measured-rotation.ts'
import { doWorkItem, type WorkDone, type WorkerPorts } from './work-item.ts'

/** Does one item of queued work and counts what became of it, how late it was, and that it failed. */
export async function doMeasuredWork(
  ports: WorkerPorts & { readonly metrics: Metrics; readonly audit?: AuditTrail },
  item: WorkItem,
): Promise<void> {
  const startedAtMs = ports.clock.nowMs()
  let done: WorkDone
  try {
    done = await doWorkItem(ports, item)
  } catch (error) {
    ports.metrics.count('work_failures', 1, { kind: item.kind })
    throw error
  }
  if (done.kind === 'rescue' && done.outcome !== 'gone') {
    ports.metrics.count('rescues', 1, { outcome: done.outcome })
  }
  if (done.kind === 'rotate') {
    const rotation = { cause: 'due', result: done.result, startedAtMs } as const
    countRotation(ports.metrics, rotation)
    noteRotation(ports.audit ?? NO_AUDIT, { tenant: item.tenant, id: item.id, ...rotation })
    if (done.lateMs !== undefined) ports.metrics.observe('due_lag', done.lateMs)
  }
}
