import type { ConnectionRow } from '../../domain/connection.ts'
import { deadlineToWarnOf } from '../../domain/refresh-deadline.ts'
import type { Ports } from '../../ports/ports.ts'
import { changeConnection } from '../commit/change-connection.ts'

/**
 * Tells, once for each, of a refresh token's deadline that comes near and that rotation has not moved: only a new
 * authorization helps then. Answers the row as it is afterwards. Throws what `changeConnection` throws.
 */
export async function warnOfDeadline(ports: Ports, row: ConnectionRow): Promise<ConnectionRow> {
  return changeConnection(ports, row, (current) => {
    const deadlineMs = deadlineToWarnOf(current, ports.clock.nowMs())
    if (deadlineMs === undefined || current.status === 'reauthorization_required') return undefined
    return {
      members: { warnedRefreshExpiryMs: deadlineMs },
      event: { type: 'connection.authorization_expiring', changed: [] },
    }
  })
}
