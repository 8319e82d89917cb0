import { findSetupOf } from '../../connectors/catalogue.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import { defined } from '../../domain/defined.ts'
import { MAIN_GRANT } from '../../domain/grant.ts'
import type { RefreshRule } from '../../domain/grant-profile.ts'
import type { RotationFailure } from '../../domain/rotation.ts'
import { remainingMs, resendAtMs } from '../../domain/rotation-policy.ts'
import type { FailureTold, RotationResult } from '../../ports/grant-runner.ts'
import type { HeldChange } from '../commit/change-connection.ts'
import { commitHeld } from '../commit/commit-held.ts'
import { findConnection } from '../commit/connection-rows.ts'
import type { GrantPorts } from '../grants/grant-ports.ts'
import { withAuthorizing } from '../grants/next-step.ts'
import { dueMembers } from '../grants/postpone-rotation.ts'
import { failureMember, nextTryMs } from '../grants/when-again.ts'

/** Over at least ten minutes: one refusal may be a mistake of the moment. */
const REFUSALS_OF_A_DEAD_GRANT = 3

/**
 * Writes what a failed rotation means to the row: a passing failure never ends a grant, a dead one ends it once,
 * and an unknown one forbids sending the token again. Only a change of status is a visible change.
 */
export async function commitFailure(
  ports: GrantPorts,
  held: ConnectionRow,
  failure: FailureTold,
): Promise<RotationResult> {
  const row = await commitHeld(ports, held, (current) => failureChange(ports, current, failure))
  return row === undefined ? reread(ports, held, 'failed') : { kind: 'failed', row }
}

/** The result with the row as it is now. */
export async function reread(
  ports: Pick<GrantPorts, 'items'>,
  { id, tenant }: ConnectionRow,
  kind: 'busy' | 'failed' | 'rotated',
): Promise<RotationResult> {
  const row = await findConnection(ports, tenant, id)
  return row === undefined ? { kind: 'gone' } : { kind, row }
}

/** A failure that is told to whoever waits, and written to no row. */
export function failureFor(
  { clock }: Pick<GrantPorts, 'clock'>,
  told: FailureTold,
  waitMs: number,
): RotationFailure & { readonly retryAtMs: number } {
  const nowMs = clock.nowMs()
  const retryAtMs = nowMs + waitMs
  return { ...failureMember(undefined, told, { nowMs, retryAtMs }), retryAtMs }
}

/** What a failure depends on; of a row that is about to be made too. */
type FailedRow = Pick<ConnectionRow, 'id' | 'appId' | 'setupType' | 'status' | 'fence'> &
  Partial<Pick<ConnectionRow, 'grants' | 'attempt' | 'failure'>>

/** What a failed request means to the row, for who commits it with what else there is to keep. */
export function failureChange(
  ports: Pick<GrantPorts, 'clock' | 'random'>,
  row: FailedRow,
  told: FailureTold,
  kept: Partial<ConnectionRow> = {},
): HeldChange {
  const nowMs = ports.clock.nowMs()
  const refused = refusalsAfterEnd(row, told, nowMs)
  const failure = afterRepeats(told, refused)
  const profile = findSetupOf(row.appId, row.setupType)?.grant
  const retryAt = nextTryMs(failure, {
    nowMs,
    count: (row.failure?.count ?? 0) + 1,
    fraction: ports.random.fraction(),
    accessEndMs: accessEndMs(row, nowMs),
    hasCode: row.grants === undefined && profile?.kind === 'authorization-code',
    afterUnknownMs: (backMs) => afterUnknownMs(row, profile?.refresh, { nowMs, backMs }),
  })
  const status = statusAfter(row, failure)
  const members: Partial<ConnectionRow> = {
    status,
    statusReason: failure.message,
    attempt: attemptAfter(row, failure, nowMs),
    ...kept,
    failure: { ...failureMember(row.failure, failure, { nowMs, retryAtMs: retryAt }), ...refused },
    ...dueMembers(row.id, retryAt),
  }
  if (status === row.status) return { members }
  const type =
    status === 'reauthorization_required' ? 'connection.reauthorization_required' : 'connection.degraded'
  return { members, event: { type, changed: ['status'] } }
}

/** Absent where nothing was refused since the access token ended. */
type Refused = Pick<RotationFailure, 'refusals' | 'refusedGrant'>

/** How often in a row, this time included, a renewal was refused since its access token ended, and of which grant. */
function refusalsAfterEnd(row: FailedRow, failure: FailureTold, nowMs: number): Refused {
  const grantName = row.attempt?.grantName ?? ''
  const grant = row.grants?.[grantName]
  const endMs = grant?.hasRefreshToken === true ? grant.accessExpiresAtMs : undefined
  if (failure.next !== 'retry-seldom' || endMs === undefined || nowMs < endMs) return {}
  // Each grant of a bundle has a refresh token of its own.
  const refusedGrant = grantName === MAIN_GRANT ? undefined : grantName
  const before = row.failure?.refusedGrant === refusedGrant ? row.failure?.refusals : undefined
  return { refusals: (before ?? 0) + 1, ...defined({ refusedGrant }) }
}

/**
 * A refresh token that is refused again and again once its access token has ended is dead, whatever its provider calls
 * that: nobody but a person brings another.
 */
function afterRepeats(failure: FailureTold, { refusals = 0 }: Refused): FailureTold {
  if (refusals < REFUSALS_OF_A_DEAD_GRANT) return failure
  return { ...failure, message: withAuthorizing(failure.message), next: 'end' }
}

function statusAfter(row: FailedRow, failure: FailureTold): ConnectionRow['status'] {
  if (row.status === 'pending') return 'pending'
  return failure.next === 'end' ? 'reauthorization_required' : 'degraded'
}

function attemptAfter(row: FailedRow, failure: FailureTold, nowMs: number): ConnectionRow['attempt'] {
  const { attempt } = row
  if (attempt?.consumes === undefined) return undefined
  // One that is known to be over stays when nothing was sent since.
  if (attempt.unknownAtMs !== undefined) return attempt
  if (failure.next === 'unknown') {
    const isOver = row.fence === attempt.fence
    return { ...attempt, unknownAtMs: nowMs, ...(isOver ? { isOver } : {}) }
  }
  // A definite answer to this request says nothing about those before it.
  if (attempt.firstUnknownAtMs === undefined || failure.next === 'end') return undefined
  return { ...attempt, unknownAtMs: attempt.firstUnknownAtMs }
}

function afterUnknownMs(
  row: FailedRow,
  refresh: RefreshRule | undefined,
  { nowMs, backMs }: { nowMs: number; backMs: number },
): number | undefined {
  if (row.attempt?.consumes === undefined || refresh === undefined) return backMs
  // A code whose fate is unknown is not sent again: the person is asked to authorize once more.
  if (row.grants === undefined) return undefined
  const accessExpiresAtMs = row.grants[row.attempt.grantName]?.accessExpiresAtMs
  const resendAt = resendAtMs(row.attempt, { refresh, accessExpiresAtMs, nowMs })
  // What may be sent at once is still not hurried: a provider that has just failed is given its pause.
  return resendAt === undefined ? undefined : Math.max(resendAt, backMs)
}

function accessEndMs(row: FailedRow, nowMs: number): number | undefined {
  const left = Math.min(...Object.values(row.grants ?? {}).map((grant) => remainingMs(grant, nowMs)))
  return Number.isFinite(left) && left > 0 ? nowMs + left : undefined
}
