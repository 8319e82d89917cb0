import type { ConnectionRow } from '../../domain/connection.ts'
import { VaultError } from '../../domain/errors.ts'
import { connectionKey } from '../../domain/keys.ts'
import { heldUntilMs } from '../../domain/rotation-policy.ts'
import type { GrantRunner } from '../../ports/grant-runner.ts'
import type { Ports } from '../../ports/ports.ts'
import { tryTransact } from '../../ports/try-transact.ts'
import { getConnection } from '../commit/connection-rows.ts'
import { isOfUnknownOutcome } from '../commit/transact-surely.ts'
import type { FreezeWatch } from '../freezes/freeze-watch.ts'
import { refuseFrozen } from '../freezes/refuse-frozen.ts'
import { mintedConnection, ONLY_BY_AUTHORIZING } from '../grants/minted-connection.ts'
import { asOfRead } from './store-away.ts'

/** Design: a flow's complaint causes at most one rotation a minute. */
const REJECTION_PAUSE_MS = 60_000
/** A flow waits for the answer as long as for a fetch. */
const REJECTION_BUDGET_MS = 10_000

/** How often another caller's rotation is looked at while waiting for it. */
const POLL_MS = 100
/**
 * Between claiming a rotation and holding its attempt lie two writes, and on AWS the start of the function that holds it
 * and what it opens first: seconds. Whoever claimed and died is not waited for any longer.
 */
const CLAIM_TO_ATTEMPT_MS = 5_000

type Rotated = Awaited<ReturnType<GrantRunner['rotate']>>
type Outcome = 'claimed' | Rotated['kind']

export interface RejectedCredential {
  readonly row: ConnectionRow
  /** True when a newer version than the rejected one is there. */
  readonly renewed: boolean
  /** Why there is none, in words with the next action. */
  readonly reason?: string
}

/**
 * A flow reports that the service refused this version of the credential (its 401). Each version causes at most
 * one rotation, and a connection at most one a minute, which all who complain meanwhile wait for; the answer is
 * that a newer version is there, or why not. Throws `not-found`, and `invalid-body` for a version that never was.
 */
export async function rejectCredential(
  ports: Ports & { grants: GrantRunner; freezes: FreezeWatch },
  input: { tenant: string; id: string; credentialVersion: number },
): Promise<RejectedCredential> {
  const row = await getConnection(ports, input.tenant, input.id)
  await refuseFrozen(ports, row)
  if (input.credentialVersion > row.credentialVersion) {
    throw new VaultError('invalid-body', 'There is no such version', {
      field: 'credential_version',
      allowed: `a version you were given, at most ${row.credentialVersion}`,
    })
  }
  if (input.credentialVersion < row.credentialVersion) return { row, renewed: true }
  if (mintedConnection(row) === undefined) {
    return {
      row,
      renewed: false,
      reason: 'This credential was entered by a person. Replace it in the connection.',
    }
  }
  const deadlineMs = ports.clock.monotonicMs() + REJECTION_BUDGET_MS
  const result = (await claimRejection(ports, row)) ? await rotateFor(ports, row) : undefined
  const outcome = result?.kind ?? 'claimed'
  const current = await afterOthers(ports, row, { outcome, deadlineMs })
  if (current.credentialVersion > input.credentialVersion) return { row: current, renewed: true }
  // What keeps the provider from being asked just now is no failure of the connection, and not in its row.
  const paused = current.failure === undefined && result?.kind === 'failed' ? result.row.failure : undefined
  return { row: current, renewed: false, reason: paused?.message ?? reasonFor(outcome, current) }
}

/** The row once a rotation that another caller began is over, or the budget is. */
async function afterOthers(
  ports: Ports,
  row: ConnectionRow,
  seen: { outcome: Outcome; deadlineMs: number },
): Promise<ConnectionRow> {
  for (;;) {
    const current = await getConnection(ports, row.tenant, row.id)
    if (current.credentialVersion > row.credentialVersion) return current
    const waits = seen.outcome === 'busy' || seen.outcome === 'claimed'
    if (!waits || !isUnderWay(current, ports.clock.nowMs())) return current
    if (ports.clock.monotonicMs() >= seen.deadlineMs) return current
    await ports.clock.sleep(POLL_MS)
  }
}

/** Whether somebody holds the attempt, or has just claimed the rotation of this minute and told no outcome yet. */
function isUnderWay(row: ConnectionRow, nowMs: number): boolean {
  if ((heldUntilMs(row) ?? 0) > nowMs) return true
  const { rejectedAtMs = 0, refreshedAtMs = 0, failure } = row
  const toldAtMs = Math.max(refreshedAtMs, failure?.lastAtMs ?? 0)
  return toldAtMs < rejectedAtMs && nowMs - rejectedAtMs < CLAIM_TO_ATTEMPT_MS
}

function reasonFor(outcome: Outcome, row: ConnectionRow): string {
  if (outcome === 'late' || outcome === 'busy') return 'The provider has not answered yet.'
  const told = row.failure?.message ?? row.statusReason
  if (told !== undefined) return told
  return outcome === 'claimed'
    ? 'A new credential was asked for less than a minute ago.'
    : ONLY_BY_AUTHORIZING
}

async function rotateFor(ports: { grants: GrantRunner }, row: ConnectionRow): Promise<Rotated> {
  const { tenant, id, credentialVersion } = row
  try {
    const complaint = { tenant, id, cause: 'rejected', credentialVersion } as const
    return await ports.grants.rotate(complaint, REJECTION_BUDGET_MS)
  } catch (error) {
    throw asOfRead(error)
  }
}

/**
 * Takes the one rotation of this minute; false when another caller has it. A claim of which nobody knows whether it was
 * written counts: left unused it would keep everybody waiting for a minute, and a version is renewed once only. On AWS
 * this function's role may touch no attribute but the ones it writes, not even to compare: that the version still stands
 * is seen by who rotates.
 */
async function claimRejection(ports: Ports, row: ConnectionRow): Promise<boolean> {
  const nowMs = ports.clock.nowMs()
  try {
    return await tryTransact(ports.items, {
      op: 'update',
      key: connectionKey(row.tenant, row.id),
      set: { rejectedAtMs: nowMs },
      when: [
        { kind: 'item-present' },
        { kind: 'absent-or-at-most', attribute: 'rejectedAtMs', value: nowMs - REJECTION_PAUSE_MS },
      ],
    })
  } catch (error) {
    if (isOfUnknownOutcome(error)) return true
    throw error
  }
}
