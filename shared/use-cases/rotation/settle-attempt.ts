import type { ConnectionRow } from '../../domain/connection.ts'
import { canResend, isHeld, resendAtMs } from '../../domain/rotation-policy.ts'
import type { RotationRequest, RotationResult } from '../../ports/grant-runner.ts'
import { commitHeld } from '../commit/commit-held.ts'
import { storedSetupOf } from '../commit/stored-setup.ts'
import { failureBecause } from '../grants/failure.ts'
import type { GrantPorts } from '../grants/grant-ports.ts'
import {
  type HeldConnection,
  heldConnection,
  type MintedConnection,
  mintedConnection,
} from '../grants/minted-connection.ts'
import { postponeRow } from '../grants/postpone-rotation.ts'
import { probeStored } from '../grants/probe-stored.ts'
import { adoptWaiting } from '../grants/settle-rescue.ts'
import { commitFailure, reread } from './commit-failure.ts'

export type SettledAttempt =
  | { readonly kind: 'ready'; readonly connection: MintedConnection }
  | RotationResult

/**
 * Finds out what became of an attempt that stands on the row:
 *
 * | the attempt | then |
 * |---|---|
 * | none | `ready` |
 * | its holder may be at work | `busy` |
 * | its holder is gone and has left the answer beside the row | adopted: `rotated` |
 * | gone, and asking again harms nothing | taken away: `ready` |
 * | of unknown outcome, and `canResend` | `ready`: it is followed by another |
 * | of unknown outcome, and the token may be used up | `failed`: what still works is served |
 */
export async function settleAttempt(
  ports: GrantPorts,
  connection: MintedConnection,
  request: RotationRequest & { nowMs: number },
): Promise<SettledAttempt> {
  const { row } = connection
  const held = heldConnection(row)
  const watchedMs = ports.attempts.watchedMs(row)
  if (isHeld(row, { nowMs: request.nowMs, watchedMs })) return { kind: 'busy', row }
  if (held === undefined) return { kind: 'ready', connection }
  if (held.row.attempt.unknownAtMs !== undefined) return settleUnknown(ports, held, request)
  const resolved = await resolveAbandoned(ports, held, { isGone: watchedMs === Number.POSITIVE_INFINITY })
  if (resolved.kind !== 'failed') return resolved
  const unknown = heldConnection(resolved.row)
  return unknown === undefined ? resolved : settleUnknown(ports, unknown, request)
}

async function settleUnknown(
  ports: GrantPorts,
  held: HeldConnection,
  request: RotationRequest & { nowMs: number },
): Promise<SettledAttempt> {
  const { row, profile } = held
  const { nowMs } = request
  const accessExpiresAtMs = row.grants?.[row.attempt.grantName]?.accessExpiresAtMs
  const facts = {
    refresh: profile.refresh,
    accessExpiresAtMs,
    nowMs,
    watchedMs: ports.attempts.watchedMs(row),
  }
  const isTokenRefused = request.cause === 'rejected' && request.credentialVersion === row.credentialVersion
  if (row.grants !== undefined && canResend(row.attempt, { ...facts, isTokenRefused })) {
    const isOnComplaint = !canResend(row.attempt, facts)
    // Its sender may have been slow and not dead, and have left the answer since.
    if (await adoptWaiting(ports, row)) return reread(ports, row, 'rotated')
    if (!isOnComplaint || !(await isStillAccepted(ports, row))) return { kind: 'ready', connection: held }
  }
  if (request.cause === 'due' && row.due_at !== undefined && row.due_at <= nowMs) {
    await postponeRow(ports, row, resendAtMs(row.attempt, facts))
  }
  return { kind: 'failed', row }
}

/**
 * Whether the connector’s test call finds the token alive that a flow complained of; false where there is none, and where
 * the token is gone itself.
 */
async function isStillAccepted(ports: GrantPorts, row: ConnectionRow): Promise<boolean> {
  const stored = storedSetupOf(row)
  if (stored?.grant === undefined) return true
  const { kind } = await probeStored(ports, { ...stored, grant: { access: stored.grant.access } })
  return kind === 'accepted' || kind === 'unreachable'
}

async function resolveAbandoned(
  ports: GrantPorts,
  held: HeldConnection,
  { isGone }: { isGone: boolean },
): Promise<SettledAttempt> {
  const { row } = held
  if (await adoptWaiting(ports, row)) return reread(ports, row, 'rotated')
  if (row.attempt.consumes === undefined) {
    // Minted without a refresh token: asking again harms nothing, so the attempt is simply taken away.
    const freed = await commitHeld(ports, row, () => ({
      members: { attempt: undefined, fence: row.fence + 1 },
    }))
    const connection = freed && mintedConnection(freed)
    return connection === undefined ? reread(ports, row, 'busy') : { kind: 'ready', connection }
  }
  // The fence rises first, so that a holder who is only slow cannot commit after this decision.
  const attempt = isGone ? { ...row.attempt, isOver: true as const } : row.attempt
  const fenced = await commitHeld(ports, row, () => ({ members: { fence: row.fence + 1, attempt } }))
  if (fenced === undefined) return reread(ports, row, 'busy')
  return commitFailure(ports, fenced, failureBecause('outcome_unknown'))
}
