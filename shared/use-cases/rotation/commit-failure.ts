import type { ConnectionRow } from '../../domain/connection.ts'
import { remainingMs, resendAtMs, retryAtMs } from '../../domain/rotation-policy.ts'
import type { FailureTold } from '../../ports/grant-runner.ts'
import type { Write } from '../../ports/item-store.ts'
import { commitHeld, type HeldChange } from '../commit/commit-held.ts'
import { findConnection } from '../commit/connection-rows.ts'
import type { GrantPorts } from '../grants/grant-ports.ts'
import { mintedConnection } from '../grants/minted-connection.ts'
import { dueMembers } from '../grants/postpone-rotation.ts'

/** How often a row that waits for its application to change is looked at; no provider is asked. */
const STOPPED_CHECK_MS = 10 * 60_000

/** An answer that will be the same next time is asked for again this seldom. */
const REFUSED_RETRY_MS = 5 * 60_000

/** A failure with the client that met it, and the writes that go with it. */
interface Told {
  readonly failure: FailureTold
  readonly application: string | undefined
  /** What of the answer is kept all the same: the pointer to it, and the writes that store it. */
  readonly kept?: { readonly members: Partial<ConnectionRow>; readonly writes: readonly Write[] }
}

/**
 * Writes what a failed rotation means to the row: a passing failure never ends a grant, a dead one ends it once,
 * and an unknown one forbids sending the token again. Only a change of status is a visible change.
 */
export async function commitFailure(
  ports: GrantPorts,
  held: ConnectionRow,
  told: Told,
): Promise<ConnectionRow> {
  const committed = await commitHeld(ports, held, (row) => failureChange(ports, row, told))
  return committed ?? (await findConnection(ports, held.tenant, held.id)) ?? held
}

function failureChange(ports: GrantPorts, row: ConnectionRow, told: Told): HeldChange {
  const { failure } = told
  const nowMs = ports.clock.nowMs()
  const count = (row.failure?.count ?? 0) + 1
  const retryAt = nextTryMs(ports, row, failure, { nowMs, count })
  const status = statusAfter(row, failure)
  const members: Partial<ConnectionRow> = {
    status,
    statusReason: failure.message,
    attempt: attemptAfter(row, failure, nowMs),
    ...told.kept?.members,
    failure: {
      class: failure.class,
      code: failure.code,
      message: failure.message,
      ...(failure.description === undefined ? {} : { description: failure.description }),
      ...(failure.class === 'app-broken' && told.application !== undefined
        ? { application: told.application }
        : {}),
      count,
      firstAtMs: row.failure?.firstAtMs ?? nowMs,
      lastAtMs: nowMs,
      ...(retryAt === undefined ? {} : { retryAtMs: retryAt }),
    },
    ...dueMembers(row.id, retryAt),
  }
  const beside = told.kept?.writes ?? []
  if (status === row.status) return { members, beside }
  const type =
    status === 'reauthorization_required' ? 'connection.reauthorization_required' : 'connection.degraded'
  return { members, event: { type, changed: ['status'] }, beside }
}

function statusAfter(row: ConnectionRow, failure: FailureTold): ConnectionRow['status'] {
  if (row.status === 'pending') return 'pending'
  return failure.next === 'end' ? 'reauthorization_required' : 'degraded'
}

function attemptAfter(row: ConnectionRow, failure: FailureTold, nowMs: number): ConnectionRow['attempt'] {
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

function nextTryMs(
  ports: GrantPorts,
  row: ConnectionRow,
  failure: FailureTold,
  at: { nowMs: number; count: number },
): number | undefined {
  const back = () =>
    retryAtMs({
      ...at,
      fraction: ports.random.fraction(),
      ...(failure.retryAfterMs === undefined ? {} : { retryAfterMs: failure.retryAfterMs }),
    })
  switch (failure.next) {
    case 'retry':
      return back()
    case 'retry-seldom':
      return earlier(at.nowMs + REFUSED_RETRY_MS, accessEndMs(row, at.nowMs))
    case 'at-expiry':
      return accessEndMs(row, at.nowMs)
    case 'wait-for-application':
      return at.nowMs + STOPPED_CHECK_MS
    case 'stop':
    case 'end':
      return undefined
    case 'unknown':
      return afterUnknownMs(row, at.nowMs, back)
  }
}

function afterUnknownMs(row: ConnectionRow, nowMs: number, back: () => number): number | undefined {
  const refresh = mintedConnection(row)?.profile.refresh
  if (row.attempt?.consumes === undefined || refresh === undefined) return back()
  // A code whose fate is unknown is not sent again: the person is asked to authorize once more.
  if (row.grants === undefined) return undefined
  const accessExpiresAtMs = row.grants[row.attempt.grantName]?.accessExpiresAtMs
  const resendAt = resendAtMs(row.attempt, { refresh, accessExpiresAtMs, nowMs })
  // What may be sent at once is still not hurried: a provider that has just failed is given its pause.
  return resendAt === undefined ? undefined : Math.max(resendAt, back())
}

function accessEndMs(row: ConnectionRow, nowMs: number): number | undefined {
  const left = Math.min(...Object.values(row.grants ?? {}).map((grant) => remainingMs(grant, nowMs)))
  return Number.isFinite(left) && left > 0 ? nowMs + left : undefined
}

function earlier(atMs: number, otherMs: number | undefined): number {
  return otherMs === undefined ? atMs : Math.min(atMs, otherMs)
}
