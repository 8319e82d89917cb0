import type { ConnectionRow } from '../../domain/connection.ts'
import { newUuid } from '../../domain/ids.ts'
import { connectionKey } from '../../domain/keys.ts'
import type { RotationAttempt } from '../../domain/rotation.ts'
import type { Clock } from '../../ports/clock.ts'
import { type Condition, ConditionFailedError, sameAs } from '../../ports/item-store.ts'
import type { TokenRequest } from '../../ports/oauth-client.ts'
import { findConnection } from '../commit/connection-rows.ts'
import { transactSurely } from '../commit/transact-surely.ts'
import type { GrantPorts } from '../grants/grant-ports.ts'
import type { HeldConnection } from '../grants/minted-connection.ts'

/**
 * A permission that comes later than this after the decision to send is not used: the hold must still cover the
 * request and the storing of its answer, and others have begun to count the holder as gone.
 */
export const MAX_WAIT_TO_SEND_MS = 15_000

/** The one instant a decision is made at, by the clock that people set and by the one that cannot jump. */
export interface DecidedAt {
  readonly nowMs: number
  readonly monotonicMs: number
}

/** Reads both clocks, once for all that is decided now. */
export function decideNow(clock: Clock): DecidedAt {
  return { nowMs: clock.nowMs(), monotonicMs: clock.monotonicMs() }
}

/** `taken`: send now · `late`: it was granted, and too late to use · `lost`: somebody else has it, or the row moved. */
export type AttemptTaken =
  | { readonly kind: 'taken' | 'late'; readonly row: HeldConnection['row'] }
  | { readonly kind: 'lost' }

/**
 * Takes the permission to send, in one conditional write. It is dated by the decision, so that whoever compares it
 * with an expiry compares what was decided by.
 */
export async function takeAttempt(
  ports: GrantPorts,
  row: ConnectionRow,
  request: { way: TokenRequest['grant']; grantName: string; decidedAt: DecidedAt },
): Promise<AttemptTaken> {
  const { decidedAt } = request
  // What was decided too long ago is decided anew, and leaves no trace.
  if (isLate(ports.clock, decidedAt)) return { kind: 'lost' }
  const held = await writeAttempt(ports, row, attemptFor(ports, row, request))
  if (held === undefined) return { kind: 'lost' }
  return { kind: isLate(ports.clock, decidedAt) ? 'late' : 'taken', row: held }
}

/**
 * A wall clock that jumped forward counts as time that passed, and one that went back was wrong when it was decided
 * by: not to send costs a retry, to send late may cost a grant.
 */
function isLate(clock: Clock, decidedAt: DecidedAt): boolean {
  const wallMs = clock.nowMs() - decidedAt.nowMs
  const passedMs = clock.monotonicMs() - decidedAt.monotonicMs
  return wallMs < 0 || Math.max(wallMs, passedMs) > MAX_WAIT_TO_SEND_MS
}

function attemptFor(
  ports: GrantPorts,
  row: ConnectionRow,
  { way, grantName, decidedAt }: { way: TokenRequest['grant']; grantName: string; decidedAt: DecidedAt },
): RotationAttempt {
  const firstUnknownAtMs = row.attempt?.firstUnknownAtMs ?? row.attempt?.unknownAtMs
  const consumes = way.kind === 'refresh-token' || way.kind === 'authorization-code'
  return {
    fence: row.fence + 1,
    owner: ports.owner,
    ...(ports.boot === undefined ? {} : { boot: ports.boot }),
    grantName,
    ...(consumes ? { consumes } : {}),
    startedAtMs: decidedAt.nowMs,
    op: newUuid(ports.random),
    ...(firstUnknownAtMs === undefined ? {} : { firstUnknownAtMs }),
  }
}

/** Under which a permission may be taken, each by what it keeps out. */
function conditionsOf(row: ConnectionRow): readonly Condition[] {
  const nobodyFenced = sameAs('fence', row.fence)
  const sameSetup = sameAs('secret.versionId', row.secret?.versionId)
  const sameGrant = sameAs('grant.access', row.grant?.access)
  // One of unknown outcome may be followed, when settle-attempt found that its token may be sent again.
  const noOtherAttempt = sameAs('attempt.fence', row.attempt?.fence)
  return [nobodyFenced, sameSetup, sameGrant, noOtherAttempt]
}

async function writeAttempt(
  ports: GrantPorts,
  row: ConnectionRow,
  attempt: RotationAttempt,
): Promise<HeldConnection['row'] | undefined> {
  const set = { attempt: { ...attempt }, fence: attempt.fence }
  const key = connectionKey(row.tenant, row.id)
  // Reading it back spares the grant from an attempt that stands there and was never sent.
  const isThere = async () => (await findConnection(ports, row.tenant, row.id))?.attempt?.op === attempt.op
  try {
    await transactSurely(ports, [{ op: 'update', key, set, when: conditionsOf(row) }], isThere)
    return { ...row, attempt, fence: attempt.fence }
  } catch (error) {
    if (error instanceof ConditionFailedError) return undefined
    throw error
  }
}
