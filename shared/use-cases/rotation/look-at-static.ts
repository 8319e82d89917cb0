import type { ConnectionRow, SecretPointer } from '../../domain/connection.ts'
import { endStepsReached, isRefusedAfterEnd, statusByEnd } from '../../domain/credential-end.ts'
import { SETUP_MISSING } from '../../domain/rotation.ts'
import { connectionDueAtMs } from '../../domain/rotation-policy.ts'
import type { RotationCause } from '../../ports/grant-runner.ts'
import type { Ports } from '../../ports/ports.ts'
import { SecretNotFoundError } from '../../ports/secret-store.ts'
import { changeConnection } from '../commit/change-connection.ts'
import { tellMissingSetup } from '../grants/effective-setup.ts'
import { failureBecause } from '../grants/failure.ts'
import { dueMembers, postponeRow } from '../grants/postpone-rotation.ts'
import { failureMember } from '../grants/when-again.ts'

/**
 * Looks at a connection of which nothing is renewed: whether its setup is there, when a flow has found it gone, or there
 * again; how far it is from the end that people gave it, when a sweep comes. Answers the row as it is afterwards. Throws
 * what `changeConnection` throws.
 */
export async function lookAtStatic(
  ports: Ports,
  row: ConnectionRow,
  cause: RotationCause,
): Promise<ConnectionRow> {
  if (cause === 'rejected') return lookForSetup(ports, row)
  if (cause !== 'due') return row
  const told = await warnOfEnd(ports, row)
  const isDue = told.due_at !== undefined && told.due_at <= ports.clock.nowMs()
  return isDue ? postponeRow(ports, told, connectionDueAtMs(told)) : told
}

/** A secret store may be behind, so nothing is ended for good: what is there again is served. */
async function lookForSetup(ports: Ports, row: ConnectionRow): Promise<ConnectionRow> {
  const { secret } = row
  if (secret === undefined) return row
  const isThere = await isStored(ports, secret)
  const isMarked = row.failure?.code === SETUP_MISSING
  if (!isThere) tellMissingSetup(ports, row)
  if (isThere === !isMarked) return row
  return changeConnection(ports, row, (current) => {
    // Another setup is there by now, and this look was not at it.
    if (current.secret?.versionId !== secret.versionId) return undefined
    const nowMs = ports.clock.nowMs()
    if (isThere) {
      const members = { ...statusByEnd(current, nowMs), failure: undefined }
      return { members, event: { type: 'connection.recovered', changed: ['status'] } }
    }
    const told = failureBecause('setup_missing')
    const failure = failureMember(undefined, told, { nowMs, retryAtMs: undefined })
    const members = { status: 'degraded', statusReason: told.message, failure } as const
    return { members, event: { type: 'connection.degraded', changed: ['status'] } }
  })
}

/** Past what is in memory: there it may be still. */
async function isStored(ports: Ports, { secretId, versionId }: SecretPointer): Promise<boolean> {
  try {
    await ports.secrets.get(secretId, versionId)
    return true
  } catch (error) {
    if (error instanceof SecretNotFoundError) return false
    throw error
  }
}

/** Tells, once for each step, that the credential ends, and moves the connection on to the next step. */
async function warnOfEnd(ports: Ports, row: ConnectionRow): Promise<ConnectionRow> {
  if (row.credentialExpiresAtMs === undefined) return row
  return changeConnection(ports, row, (current) => {
    const nowMs = ports.clock.nowMs()
    const toldEndSteps = endStepsReached(current, nowMs)
    if (toldEndSteps <= (current.toldEndSteps ?? 0)) return undefined
    const byEnd = statusByEnd(current, nowMs)
    const dueAtMs = connectionDueAtMs({ ...current, toldEndSteps })
    return {
      members: { toldEndSteps, ...byEnd, ...dueMembers(current.id, dueAtMs) },
      event: { type: eventType(current, nowMs), changed: byEnd.status === current.status ? [] : ['status'] },
    }
  })
}

function eventType(row: ConnectionRow, nowMs: number) {
  if (isRefusedAfterEnd(row, nowMs)) return 'connection.reauthorization_required'
  const hasEnded = row.credentialExpiresAtMs !== undefined && row.credentialExpiresAtMs <= nowMs
  return hasEnded ? 'connection.degraded' : 'connection.authorization_expiring'
}
