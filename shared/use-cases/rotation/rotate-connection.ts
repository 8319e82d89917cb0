import type { ConnectionRow } from '../../domain/connection.ts'
import { MAIN_GRANT } from '../../domain/grant.ts'
import type { GrantProfile } from '../../domain/grant-profile.ts'
import { isOutOfService, type Move, STORE_RESTORED } from '../../domain/restored-store.ts'
import {
  cappedMinTtlMs,
  connectionDueAtMs,
  grantsToRotate,
  IDLE_AFTER_MS,
} from '../../domain/rotation-policy.ts'
import type { RotationCause, RotationRequest, RotationResult } from '../../ports/grant-runner.ts'
import { findConnection } from '../commit/connection-rows.ts'
import { SetupMissingError } from '../grants/effective-setup.ts'
import { failureBecause, outOfService } from '../grants/failure.ts'
import type { GrantPorts } from '../grants/grant-ports.ts'
import { type MintedConnection, mintedConnection } from '../grants/minted-connection.ts'
import { postponeRow } from '../grants/postpone-rotation.ts'
import { commitFailure, failureFor } from './commit-failure.ts'
import { lookAtStatic } from './look-at-static.ts'
import { renewGrant } from './renew-grant.ts'
import { settleAttempt } from './settle-attempt.ts'
import { type DecidedAt, decideNow } from './take-attempt.ts'
import { warnOfDeadline } from './warn-of-deadline.ts'

/*
 * A refresh token may work once, and its provider may have used it up although no answer came. So:
 *
 * 1. Nothing is sent before an attempt is written to the row, and while one stands nothing else is (take-attempt.ts).
 * 2. The answer comes into the row with the end of its attempt, in one transaction; where somebody has taken the row
 *    meanwhile, into a rescue beside it (keep-answer.ts).
 * 3. An attempt that is found standing is settled first (settle-attempt.ts): a rescue is adopted. Where there is none
 *    the answer is lost, with its process or with its store, and so perhaps the token: what still works is served, and
 *    the token is sent once more when nothing is left to lose by that (`canResend`).
 */

const HOUR_MS = 3_600_000
/** A setup that is not there is looked for this seldom while an attempt stands; a person has to bring it back. */
const SETUP_LOOK_MS = 5 * 60_000
/**
 * A second permission is taken so soon after the first or not in the same run: a function on AWS has 120 s, of which a
 * request and the storing of its answer may need 95, and the decision to send may be 15 s old (take-attempt.ts).
 */
export const NEXT_PERMISSION_WITHIN_MS = 10_000
/** A move of a small vault takes about this long. */
const SWITCH_LOOK_MS = 60_000

/**
 * Gets new access tokens for a connection, as often as it is asked and never twice: safe for duplicate, late and
 * reordered calls, in any number of processes. The only use case that sends a stored refresh token.
 */
export async function rotateConnection(ports: GrantPorts, request: RotationRequest): Promise<RotationResult> {
  const { cause, id, tenant } = request
  const [row, move] = await Promise.all([findConnection(ports, tenant, id), ports.restored.move()])
  if (row === undefined) return { kind: 'gone' }
  if (move !== undefined && isOutOfService(move)) return leaveToOther(ports, row, { cause, move })
  const found = cause === 'due' ? await warnOfDeadline(ports, row) : row
  const minted = mintedConnection(found)
  if (minted === undefined) return { kind: 'nothing', row: await lookAtStatic(ports, found, cause) }
  try {
    const decidedAt = decideNow(ports.clock)
    const settled = await settleAttempt(ports, minted, { ...request, nowMs: decidedAt.nowMs })
    if (settled.kind !== 'ready') return settled
    return await renewGrants(ports, settled.connection, { ...request, decidedAt })
  } catch (error) {
    if (!(error instanceof SetupMissingError)) throw error
    return withoutSetup(ports, error.row)
  }
}

/** Renews what is to be renewed now, one grant after the other, each by an attempt of its own. */
async function renewGrants(
  ports: GrantPorts,
  start: MintedConnection,
  request: RotationRequest & { decidedAt: DecidedAt },
): Promise<RotationResult> {
  const { cause, decidedAt } = request
  const { row, profile } = start
  const isReplaced = row.credentialVersion > (request.credentialVersion ?? Number.POSITIVE_INFINITY)
  // Work that comes early, late or twice finds nothing due, and leaves the index as it is.
  if (isReplaced || (cause === 'due' && !isDue(row, decidedAt.nowMs))) return { kind: 'nothing', row }
  let connection = start
  for (const grantName of grantNames(start, request, decidedAt.nowMs)) {
    const isFirst = connection === start
    // While this process read back what it had committed, another may have begun with the next grant of the bundle.
    if (!isFirst && connection.row.attempt !== undefined) return { kind: 'busy', row: connection.row }
    const at = isFirst ? decidedAt : decideNow(ports.clock)
    // What is left of the bundle is due still, and the next run's.
    if (at.monotonicMs - decidedAt.monotonicMs > NEXT_PERMISSION_WITHIN_MS) break
    const result = await renewGrant(ports, connection, { grantName, cause, decidedAt: at })
    // Of a bundle, one grant may last for ever and the other rotate.
    if (result.kind === 'nothing') continue
    // Of two processes that share a bundle out between them, neither is through before the other is.
    const renewed = result.kind === 'rotated' ? mintedConnection(result.row) : undefined
    if (renewed === undefined) return result
    connection = renewed
  }
  if (connection !== start) return { kind: 'rotated', row: connection.row }
  if (cause !== 'due') return { kind: 'nothing', row }
  const dueAtMs = isIdle(row, profile, decidedAt.nowMs) ? undefined : connectionDueAtMs(row)
  return { kind: 'nothing', row: await postponeRow(ports, row, dueAtMs) }
}

/** Which grants are renewed now, by name: of a bundle perhaps not all. */
function grantNames(
  { row, profile }: MintedConnection,
  request: RotationRequest,
  nowMs: number,
): readonly string[] {
  if (row.status === 'reauthorization_required') return []
  // An attempt that may be repeated is repeated before anything else takes its place in the row.
  if (row.attempt !== undefined) return [row.attempt.grantName]
  if (row.grants === undefined) return request.cause === 'manual' || isDue(row, nowMs) ? [MAIN_GRANT] : []
  if (request.cause === 'due' && isIdle(row, profile, nowMs)) return []
  // A provider that has just failed is given its pause, however many flows ask.
  // (A client that was refused may have been changed since, and a mark lifted: whoever asks finds that out.)
  const mayHaveChanged = row.failure?.class === 'app-broken' || row.failure?.code === STORE_RESTORED
  const pausedUntilMs = mayHaveChanged ? 0 : (row.failure?.retryAtMs ?? 0)
  if (request.cause === 'fetch' && pausedUntilMs > nowMs) return []
  const names = grantsToRotate(row, {
    nowMs,
    minTtlMs: request.cause === 'fetch' ? cappedMinTtlMs(row, request.minTtlMs ?? 0) : 0,
    all: request.cause === 'manual' || request.cause === 'rejected',
  })
  // A sweep that finds nothing due comes for the retry of what a person or a flow asked for early.
  const isRetry = request.cause === 'due' && names.length === 0 && row.failure !== undefined
  return isRetry ? Object.keys(row.grants) : names
}

function isDue(row: ConnectionRow, nowMs: number): boolean {
  return row.due_at !== undefined && row.due_at <= nowMs
}

/** Grants without a refresh token are minted at a price (Auth0 bills them): those nobody fetches are left alone. */
function isIdle(row: ConnectionRow, profile: GrantProfile, nowMs: number): boolean {
  if (profile.kind === 'authorization-code') return false
  // Not when it was last renewed: sweeps alone would keep it from ever seeming idle. An hour counts to its end.
  const { lastFetchedHour, createdAtMs } = row
  const lastUseMs = lastFetchedHour === undefined ? createdAtMs : (lastFetchedHour + 1) * HOUR_MS
  return nowMs - lastUseMs > IDLE_AFTER_MS
}

/**
 * Told to whoever waits, and written to no row. A vault that is being filled gets the row as its source has it, and an
 * event that was numbered here would be in the way of the source's, and of all that come after the switch. One that was
 * moved would number events as the other one does, for the same subscribers.
 */
function leaveToOther(
  ports: GrantPorts,
  row: ConnectionRow,
  { cause, move }: { readonly cause: RotationCause; readonly move: Move },
): RotationResult {
  if (cause === 'due') return { kind: 'nothing', row }
  return { kind: 'failed', row: { ...row, failure: failureFor(ports, outOfService(move), SWITCH_LOOK_MS) } }
}

/** Nobody can be asked; what works goes on, and what was sent and not settled stays as it is. */
async function withoutSetup(ports: GrantPorts, row: ConnectionRow): Promise<RotationResult> {
  if (row.attempt === undefined) return commitFailure(ports, row, failureBecause('setup_missing'))
  const postponed = await postponeRow(ports, row, ports.clock.nowMs() + SETUP_LOOK_MS)
  return { kind: 'failed', row: postponed }
}
