import type { GrantRunner, RotationResult } from '../../ports/grant-runner.ts'
import type { WorkItem } from '../../ports/work-queue.ts'
import { findConnection } from '../commit/connection-rows.ts'
import type { FreezeWatch } from '../freezes/freeze-watch.ts'
import { runFreezeJob } from '../freezes/run-freeze-job.ts'
import type { GrantPorts } from '../grants/grant-ports.ts'
import { postponeRow } from '../grants/postpone-rotation.ts'
import { findRescue, type RescueOutcome, settleRescue } from '../grants/settle-rescue.ts'
import { rotateConnection } from './rotate-connection.ts'

/** A fetch after the end of a freeze rotates in line; a sweep comes back this late at most. */
const FROZEN_CHECK_MS = 5 * 60_000

export interface WorkerPorts extends GrantPorts {
  readonly grants: GrantRunner
  readonly freezes: FreezeWatch
}

/** What one item of work came to. */
export type WorkDone =
  | { readonly kind: 'freeze' }
  | { readonly kind: 'rescue'; readonly outcome: RescueOutcome | 'gone' }
  | {
      readonly kind: 'rotate'
      readonly result: RotationResult | { readonly kind: 'frozen' }
      /** For how long the connection had been due; absent when it was not. */
      readonly lateMs?: number
    }

/** Does one item of queued work; safe for items that come twice, late or out of order. */
export async function doWorkItem(ports: WorkerPorts, item: WorkItem): Promise<WorkDone> {
  switch (item.kind) {
    case 'freeze':
      await runFreezeJob(ports, item.tenant, item.id)
      return { kind: 'freeze' }
    case 'rotate':
      return rotateDue(ports, item)
    case 'rescue': {
      const rescue = await findRescue(ports, item)
      if (rescue === undefined) return { kind: 'rescue', outcome: 'gone' }
      return { kind: 'rescue', outcome: await settleRescue(ports, rescue) }
    }
  }
}

async function rotateDue(ports: WorkerPorts, item: { tenant: string; id: string }): Promise<WorkDone> {
  const row = await findConnection(ports, item.tenant, item.id)
  if (row === undefined) return { kind: 'rotate', result: { kind: 'gone' } }
  if ((await ports.freezes.find(item.tenant, row)) !== undefined) {
    // It is looked at again later, so that it does not stand before others in the index.
    await postponeRow(ports, row, ports.clock.nowMs() + FROZEN_CHECK_MS)
    return { kind: 'rotate', result: { kind: 'frozen' } }
  }
  const lateMs = row.due_at === undefined ? -1 : ports.clock.nowMs() - row.due_at
  const result = await rotateConnection(ports, { tenant: item.tenant, id: item.id, cause: 'due' })
  return { kind: 'rotate', result, ...(lateMs < 0 ? {} : { lateMs }) }
}
