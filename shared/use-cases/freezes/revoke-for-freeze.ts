import type { ConnectionRow } from '../../domain/connection.ts'
import { heldUntilMs } from '../../domain/rotation-policy.ts'
import type { GrantRunner, RevokeStoredResult } from '../../ports/grant-runner.ts'
import type { Ports } from '../../ports/ports.ts'
import { changeConnection } from '../commit/change-connection.ts'
import { commitHeld } from '../commit/commit-held.ts'
import { findConnection } from '../commit/connection-rows.ts'
import { revokeStored, storedSetupOf } from '../commit/stored-setup.ts'
import type { GrantPorts } from '../grants/grant-ports.ts'
import { mintedConnection } from '../grants/minted-connection.ts'
import { dueMembers } from '../grants/postpone-rotation.ts'
import { adoptWaiting } from '../grants/settle-rescue.ts'

/** A rotation under way may bring a new grant; its request lasts no longer than this. */
const QUIET_WITHIN_MS = 60_000
const QUIET_POLL_MS = 500

export type RevokeForFreezePorts = GrantPorts & { readonly grants: GrantRunner }

/** How it went at the provider, one outcome a grant, and whether a person must authorize the connection again. */
export interface RevokedForFreeze {
  readonly outcomes: readonly RevokeStoredResult[string][]
  readonly mustAuthorize: boolean
}

const NOTHING: RevokedForFreeze = { outcomes: [], mustAuthorize: false }
/** A key that a person made at the provider works there until a person ends it there. */
const STATIC_KEY: RevokedForFreeze = { outcomes: ['unsupported'], mustAuthorize: false }

/**
 * Revokes a frozen connection's grants at the provider. What a person granted needs that person again; what is
 * minted from the setup is minted anew by the first fetch after the freeze. Throws `not-found`, `conflict`.
 */
export async function revokeForFreeze(
  ports: RevokeForFreezePorts,
  seen: ConnectionRow,
): Promise<RevokedForFreeze> {
  const row = await newestOf(ports, await whenQuiet(ports, seen))
  if (row === undefined) return NOTHING
  if (row.secret !== undefined && mintedConnection(row) === undefined) return STATIC_KEY
  const stored = row.grants === undefined ? undefined : storedSetupOf(row)
  if (stored === undefined) return NOTHING
  const outcomes = Object.values(await revokeStored(ports, { ...stored, evenIfHeld: true }))
  if (!outcomes.includes('revoked')) return { outcomes, mustAuthorize: false }
  const mustAuthorize = mintedConnection(row)?.profile.kind === 'authorization-code'
  if (mustAuthorize) await endGrants(ports, row)
  else await expireGrants(ports, row)
  return { outcomes, mustAuthorize }
}

/** The row once no rotation holds it, so that the grant which is revoked is the newest. */
async function whenQuiet(ports: Ports, seen: ConnectionRow): Promise<ConnectionRow | undefined> {
  const untilMs = ports.clock.monotonicMs() + QUIET_WITHIN_MS
  for (;;) {
    const row = await findConnection(ports, seen.tenant, seen.id)
    const isHeld = row !== undefined && (heldUntilMs(row) ?? 0) > ports.clock.nowMs()
    if (!isHeld || ports.clock.monotonicMs() >= untilMs) return row
    await ports.clock.sleep(QUIET_POLL_MS)
  }
}

/**
 * The row with what waits beside it to be rescued: that is a newer grant than the row's, and would be adopted after it
 * was ended.
 */
async function newestOf(
  ports: RevokeForFreezePorts,
  row: ConnectionRow | undefined,
): Promise<ConnectionRow | undefined> {
  if (row === undefined || !(await adoptWaiting(ports, row))) return row
  return findConnection(ports, row.tenant, row.id)
}

async function endGrants(ports: Ports, revoked: ConnectionRow): Promise<void> {
  await changeConnection(ports, revoked, (row) => {
    // Authorized again meanwhile: that grant is another one. Ended already: it was told.
    if (row.grant?.access !== revoked.grant?.access) return undefined
    if (row.status === 'reauthorization_required') return undefined
    return {
      members: {
        status: 'reauthorization_required',
        statusReason: 'The grant was revoked by a freeze. Authorize the connection again.',
        due_shard: undefined,
        due_at: undefined,
      },
      event: { type: 'connection.reauthorization_required', changed: ['status'] },
    }
  })
}

/** The dead token counts as expired from now on, so that nobody is handed it when the freeze ends. */
async function expireGrants(ports: Ports, revoked: ConnectionRow): Promise<void> {
  const nowMs = ports.clock.nowMs()
  await commitHeld(ports, revoked, (row) => {
    const grants = Object.entries(row.grants ?? {}).map(([name, grant]) => [
      name,
      { ...grant, accessExpiresAtMs: Math.min(grant.accessExpiresAtMs ?? nowMs, nowMs) },
    ])
    return { members: { grants: Object.fromEntries(grants), ...dueMembers(row.id, nowMs) } }
  })
}
