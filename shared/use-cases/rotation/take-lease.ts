import { newUuid } from '../../domain/ids.ts'
import { connectionKey } from '../../domain/keys.ts'
import type { RotationAttempt } from '../../domain/rotation.ts'
import { LEASE_MS } from '../../domain/rotation-policy.ts'
import { type Condition, ConditionFailedError, StoreUnavailableError } from '../../ports/item-store.ts'
import type { TokenRequest } from '../../ports/oauth-client.ts'
import { findConnection } from '../commit/connection-rows.ts'
import type { GrantPorts } from '../grants/grant-ports.ts'
import { type MintedConnection, mintedConnection } from '../grants/minted-connection.ts'

/**
 * A permission that comes later than this after it was asked for is not used: the lease must still cover the
 * request and the storing of its answer, and others have begun to count the holder as gone.
 */
const MAX_WAIT_TO_SEND_MS = 15_000
/** Resends are a lease apart at least: whoever sent before the last eight is long gone. */
const MAX_EARLIER_ANSWERS = 8

/** `taken`: send now · `late`: it was granted, and too late to use · `lost`: somebody else has it, or the row moved. */
export type LeaseTaken =
  | { readonly kind: 'taken' | 'late'; readonly row: MintedConnection['row'] }
  | { readonly kind: 'lost' }

/**
 * Takes the lease and the permission to send, in one write: nobody holds the lease, the pointer is the one whose
 * token will be sent, and no other attempt stands.
 */
export async function takeLease(
  ports: GrantPorts,
  row: MintedConnection['row'],
  request: { way: TokenRequest['grant']; grantName: string },
): Promise<LeaseTaken> {
  const attempt = await attemptFor(ports, row, request)
  const askedAtMs = ports.clock.monotonicMs()
  const leased = await writeLease(ports, row, attempt)
  if (leased === undefined) return { kind: 'lost' }
  // A wall clock that jumped counts as time that passed: not to send costs a retry, to send late may cost a grant.
  const waitedMs = Math.max(ports.clock.monotonicMs() - askedAtMs, ports.clock.nowMs() - attempt.startedAtMs)
  return { kind: waitedMs > MAX_WAIT_TO_SEND_MS ? 'late' : 'taken', row: leased }
}

async function attemptFor(
  ports: GrantPorts,
  row: MintedConnection['row'],
  { way, grantName }: { way: TokenRequest['grant']; grantName: string },
): Promise<RotationAttempt> {
  const token =
    way.kind === 'refresh-token' ? way.refreshToken : way.kind === 'authorization-code' ? way.code : undefined
  return {
    fence: row.fence + 1,
    grantName,
    secretVersionId: row.secret.versionId,
    ...(token === undefined
      ? {}
      : { refreshTokenDigest: await ports.digester.digest('refresh-token', token) }),
    startedAtMs: ports.clock.nowMs(),
    answerVersionId: newUuid(ports.random),
    sent: (row.attempt?.sent ?? 0) + 1,
    ...earlierOf(row.attempt),
  }
}

/** The attempt that is followed, with those before it: their senders may still store an answer. */
function earlierOf(attempt: RotationAttempt | undefined): Pick<RotationAttempt, 'earlier'> {
  if (attempt?.unknownAtMs === undefined) return {}
  const { answerVersionId, earlier, unknownAtMs } = attempt
  const answerVersionIds = [answerVersionId, ...(earlier?.answerVersionIds ?? [])].slice(
    0,
    MAX_EARLIER_ANSWERS,
  )
  return { earlier: { unknownAtMs: earlier?.unknownAtMs ?? unknownAtMs, answerVersionIds } }
}

async function writeLease(
  ports: GrantPorts,
  row: MintedConnection['row'],
  attempt: RotationAttempt,
): Promise<MintedConnection['row'] | undefined> {
  const lease = { owner: ports.owner, untilMs: attempt.startedAtMs + LEASE_MS, fence: attempt.fence }
  const conditions: Condition[] = [
    { kind: 'equals', attribute: 'fence', value: row.fence },
    { kind: 'absent-or-at-most', attribute: 'lease.untilMs', value: attempt.startedAtMs },
    { kind: 'equals', attribute: 'secret.versionId', value: row.secret.versionId },
    // A known attempt of unknown outcome may be followed, when settle-attempt found that it may be sent again.
    row.attempt === undefined
      ? { kind: 'absent', attribute: 'attempt' }
      : { kind: 'equals', attribute: 'attempt.fence', value: row.attempt.fence },
  ]
  try {
    await ports.items.transact([
      {
        op: 'update',
        key: connectionKey(row.tenant, row.id),
        set: { lease, attempt: { ...attempt }, fence: attempt.fence },
        when: conditions,
      },
    ])
    return { ...row, lease, attempt, fence: attempt.fence }
  } catch (error) {
    if (error instanceof ConditionFailedError) return undefined
    if (!(error instanceof StoreUnavailableError) || error.outcome === 'not-applied') throw error
    // Reading it back spares the grant from an attempt that stands there and was never sent.
    const current = await findConnection(ports, row.tenant, row.id)
    if (current?.attempt?.answerVersionId !== attempt.answerVersionId) throw error
    return mintedConnection(current)?.row
  }
}
