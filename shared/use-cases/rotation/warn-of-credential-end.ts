import type { ConnectionRow } from '../../domain/connection.ts'
import { endStepsReached, isRefusedAfterEnd, statusByEnd } from '../../domain/credential-end.ts'
import { connectionDueAtMs } from '../../domain/rotation-policy.ts'
import type { Ports } from '../../ports/ports.ts'
import { changeConnection } from '../commit/change-connection.ts'
import { dueMembers } from '../grants/postpone-rotation.ts'

/**
 * Tells, once for each step, that a static credential ends at the date that people gave it, and moves the connection
 * on to the next step. Answers the row as it is afterwards. Throws what `changeConnection` throws.
 */
export async function warnOfCredentialEnd(ports: Ports, row: ConnectionRow): Promise<ConnectionRow> {
  if (row.credentialExpiresAtMs === undefined) return row
  return changeConnection(ports, row, (current) => {
    const nowMs = ports.clock.nowMs()
    const reached = endStepsReached(current, nowMs)
    if (reached <= (current.toldEndSteps ?? 0)) return undefined
    const { status, statusReason } = statusByEnd(current, nowMs)
    const told = { ...current, toldEndSteps: reached }
    return {
      members: {
        toldEndSteps: reached,
        status,
        statusReason,
        ...dueMembers(current.id, connectionDueAtMs(told)),
      },
      event: { type: eventType(current, nowMs), changed: status === current.status ? [] : ['status'] },
    }
  })
}

function eventType(row: ConnectionRow, nowMs: number) {
  if (isRefusedAfterEnd(row, nowMs)) return 'connection.reauthorization_required'
  const hasEnded = row.credentialExpiresAtMs !== undefined && row.credentialExpiresAtMs <= nowMs
  return hasEnded ? 'connection.degraded' : 'connection.authorization_expiring'
}
