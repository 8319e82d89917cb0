import { rescueKey } from '../domain/keys.ts'
import type { GrantRunner } from '../ports/grant-runner.ts'
import type { WorkItem } from '../ports/work-queue.ts'
import { findConnection } from './connection-rows.ts'
import type { FreezeWatch } from './freeze-watch.ts'
import type { GrantPorts } from './grant-ports.ts'
import { postponeRow } from './postpone-rotation.ts'
import { type Rescue, settleRescue } from './rescue-grant.ts'
import { rotateConnection } from './rotate-connection.ts'
import { runFreezeJob } from './run-freeze-job.ts'

/** A fetch after the end of a freeze rotates in line; a sweep comes back this late at most. */
const FROZEN_CHECK_MS = 5 * 60_000

export interface WorkerPorts extends GrantPorts {
  readonly grants: GrantRunner
  readonly freezes: FreezeWatch
}

/** Does one item of queued work; safe for items that come twice, late or out of order. */
export async function doWorkItem(ports: WorkerPorts, item: WorkItem): Promise<void> {
  if (item.kind === 'freeze') {
    await runFreezeJob(ports, item.tenant, item.id)
    return
  }
  if (item.kind === 'rotate') {
    if (await isFrozen(ports, item)) return
    await rotateConnection(ports, { tenant: item.tenant, id: item.id, cause: 'due' })
    return
  }
  const rescue = await ports.items.get(rescueKey(item.tenant, item.id, item.versionId))
  if (rescue !== undefined) await settleRescue(ports, rescue as unknown as Rescue)
}

/** A frozen connection is not rotated; it is looked at again later, so that it does not stand before others. */
async function isFrozen(ports: WorkerPorts, item: { tenant: string; id: string }): Promise<boolean> {
  const row = await findConnection(ports, item.tenant, item.id)
  if (row === undefined || (await ports.freezes.find(item.tenant, row)) === undefined) return false
  await postponeRow(ports, row, { kind: 'at', atMs: ports.clock.nowMs() + FROZEN_CHECK_MS })
  return true
}
