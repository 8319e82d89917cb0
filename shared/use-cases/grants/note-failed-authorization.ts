import type { ConnectionRow } from '../../domain/connection.ts'
import { heldUntilMs } from '../../domain/rotation-policy.ts'
import type { FailureTold, RefusalRequest } from '../../ports/grant-runner.ts'
import type { Ports } from '../../ports/ports.ts'
import { tryChange } from '../commit/change-connection.ts'
import { findConnection } from '../commit/connection-rows.ts'
import { failureMember } from './when-again.ts'

/**
 * Tells the operator what the person in the browser was told. Only a connection that holds no grant is marked: one
 * that works goes on as before. Nothing visible depends on it, so a lost race loses nothing.
 */
export async function noteFailedAuthorization(
  ports: Ports,
  row: ConnectionRow,
  failure: FailureTold,
): Promise<void> {
  const holdsNothing = ['empty', 'pending', 'reauthorization_required'].includes(row.status)
  if (!holdsNothing || heldUntilMs(row) !== undefined || row.due_at !== undefined) return
  const nowMs = ports.clock.nowMs()
  const { message } = failure
  const noted = failureMember(row.failure, failure, { nowMs, retryAtMs: undefined })
  await tryChange(ports, row, { members: { statusReason: message, failure: noted } }, { isHeld: true })
}

/** The same for what a provider sent a browser back with: no code came, so nothing was asked. */
export async function noteRefusal(ports: Ports, { tenant, id, ...told }: RefusalRequest): Promise<null> {
  const row = await findConnection(ports, tenant, id)
  if (row !== undefined)
    await noteFailedAuthorization(ports, row, { ...told, class: 'refused', next: 'stop' })
  return null
}
