import type { ConnectionRow } from '../domain/connection.ts'
import { VaultError } from '../domain/errors.ts'
import { connectionKey } from '../domain/keys.ts'
import type { GrantRunner } from '../ports/grant-runner.ts'
import { ConditionFailedError } from '../ports/item-store.ts'
import type { Ports } from '../ports/ports.ts'
import { getConnection } from './connection-rows.ts'
import type { FreezeWatch } from './freeze-watch.ts'
import { refuseFrozen } from './refuse-frozen.ts'
import { mintedConnection, ONLY_BY_AUTHORIZING } from './rotate-connection.ts'

/** Design: a flow's complaint causes at most one rotation a minute. */
const REJECTION_PAUSE_MS = 60_000
/** A flow waits for the answer as long as for a fetch. */
const REJECTION_BUDGET_MS = 10_000

export interface RejectedCredential {
  readonly row: ConnectionRow
  /** True when a newer version than the rejected one is there. */
  readonly renewed: boolean
  /** Why there is none, in words with the next action. */
  readonly reason?: string
}

/**
 * A flow reports that the service refused this version of the credential (its 401). Each version causes at most
 * one rotation, and a connection at most one a minute; the answer is that a newer version is there, or why not.
 * Throws `not-found`, and `invalid-body` for a version that never was.
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
  if (!(await claimRejection(ports, row))) {
    return { row, renewed: false, reason: 'A new credential was asked for less than a minute ago.' }
  }
  const result = await ports.grants.rotate(
    { tenant: row.tenant, id: row.id, cause: 'rejected' },
    REJECTION_BUDGET_MS,
  )
  const current = await getConnection(ports, input.tenant, input.id)
  if (current.credentialVersion > input.credentialVersion) return { row: current, renewed: true }
  const waiting = result.kind === 'late' || result.kind === 'busy'
  const reason = waiting
    ? 'The provider has not answered yet.'
    : (current.failure?.message ?? current.statusReason ?? ONLY_BY_AUTHORIZING)
  return { row: current, renewed: false, reason }
}

/** Takes the one rotation of this minute; false when another caller has it. */
async function claimRejection(ports: Ports, row: ConnectionRow): Promise<boolean> {
  const nowMs = ports.clock.nowMs()
  try {
    await ports.items.transact([
      {
        op: 'update',
        key: connectionKey(row.tenant, row.id),
        set: { rejectedAtMs: nowMs },
        when: [
          { kind: 'equals', attribute: 'credentialVersion', value: row.credentialVersion },
          { kind: 'absent-or-at-most', attribute: 'rejectedAtMs', value: nowMs - REJECTION_PAUSE_MS },
        ],
      },
    ])
    return true
  } catch (error) {
    if (error instanceof ConditionFailedError) return false
    throw error
  }
}
