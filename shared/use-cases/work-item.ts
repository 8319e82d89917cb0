import { rescueKey } from '../domain/keys.ts'
import type { WorkItem } from '../ports/work-queue.ts'
import type { GrantPorts } from './grant-ports.ts'
import { type Rescue, settleRescue } from './rescue-grant.ts'
import { rotateConnection } from './rotate-connection.ts'

/** Does one item of queued work; safe for items that come twice, late or out of order. */
export async function doWorkItem(ports: GrantPorts, item: WorkItem): Promise<void> {
  if (item.kind === 'rotate') {
    await rotateConnection(ports, { tenant: item.tenant, id: item.id, cause: 'due' })
    return
  }
  const rescue = await ports.items.get(rescueKey(item.tenant, item.id, item.versionId))
  if (rescue !== undefined) await settleRescue(ports, rescue as unknown as Rescue)
}
