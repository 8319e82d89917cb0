import { canResend, isHeld, resendAtMs } from '../../domain/rotation-policy.ts'
import type { RotationCause } from '../../ports/grant-runner.ts'
import { commitHeld } from '../commit/commit-held.ts'
import { findConnection } from '../commit/connection-rows.ts'
import { adoptAnswer, findAnswer, type StoredAnswer } from '../grants/adopt-answer.ts'
import type { GrantPorts } from '../grants/grant-ports.ts'
import { type MintedConnection, mintedConnection } from '../grants/minted-connection.ts'
import { postponeRow } from '../grants/postpone-rotation.ts'
import { commitFailure } from './commit-failure.ts'

export type SettledAttempt =
  | { readonly kind: 'ready'; readonly connection: MintedConnection }
  | { readonly kind: 'busy' | 'failed' | 'rotated'; readonly row: MintedConnection['row'] }
  | { readonly kind: 'gone' }

/**
 * Finds out what became of an attempt that stands on the row. A live holder is left alone. One that died may have
 * stored its answer under the name the attempt carries: then it is adopted. Otherwise the outcome is unknown, and
 * the token may be sent again only when `canResend` says that it harms nothing.
 */
export async function settleAttempt(
  ports: GrantPorts,
  connection: MintedConnection,
  cause: RotationCause,
): Promise<SettledAttempt> {
  const { row, profile } = connection
  const nowMs = ports.clock.nowMs()
  const { attempt } = row
  const watchedMs = ports.attempts.watchedMs(row)
  if (row.lease !== undefined && isHeld(row.lease, { nowMs, watchedMs })) return { kind: 'busy', row }
  if (attempt === undefined) return { kind: 'ready', connection }
  if (attempt.unknownAtMs === undefined) return resolveAbandoned(ports, connection)
  const accessExpiresAtMs = row.grants?.[attempt.grantName]?.accessExpiresAtMs
  const facts = { refresh: profile.refresh, accessExpiresAtMs, nowMs }
  if (row.grants !== undefined && canResend(attempt, { ...facts, watchedMs })) {
    // Its sender may have been slow and not dead, and have stored the answer since.
    const answer = await findAnswer(ports, row)
    return answer === undefined ? { kind: 'ready', connection } : adopt(ports, connection, answer)
  }
  if (cause === 'due' && row.due_at !== undefined && row.due_at <= nowMs) {
    const atMs = resendAtMs(attempt, facts)
    await postponeRow(ports, row, atMs === undefined ? { kind: 'until-fetched' } : { kind: 'at', atMs })
  }
  return { kind: 'failed', row }
}

async function resolveAbandoned(ports: GrantPorts, connection: MintedConnection): Promise<SettledAttempt> {
  const { row } = connection
  const answer = await findAnswer(ports, row)
  if (answer !== undefined) return adopt(ports, connection, answer)
  if (row.attempt!.refreshTokenDigest === undefined) {
    // Minted without a refresh token: asking again harms nothing, so the attempt is simply taken away.
    const freed = await commitHeld(ports, row, () => ({
      members: { attempt: undefined, lease: undefined, fence: row.fence + 1 },
    }))
    return reread(ports, row, freed === undefined ? 'busy' : 'ready')
  }
  // The fence rises first, so that a holder who is only slow cannot commit after this decision.
  const fenced = await commitHeld(ports, row, () => ({ members: { fence: row.fence + 1, lease: undefined } }))
  if (fenced === undefined) return reread(ports, row, 'busy')
  const failure = {
    class: 'unknown',
    code: 'outcome_unknown',
    message:
      'A rotation was interrupted and its outcome is unknown. The current credential is used until it expires; then it is tried once more.',
    next: 'unknown',
  } as const
  await commitFailure(ports, fenced, { failure, application: undefined })
  return reread(ports, row, 'failed')
}

async function adopt(
  ports: GrantPorts,
  held: MintedConnection,
  answer: StoredAnswer,
): Promise<SettledAttempt> {
  const adopted = await adoptAnswer(ports, held, answer)
  return reread(ports, held.row, adopted === undefined ? 'busy' : 'rotated')
}

async function reread(
  ports: GrantPorts,
  row: MintedConnection['row'],
  kind: 'ready' | 'busy' | 'failed' | 'rotated',
): Promise<SettledAttempt> {
  const current = await findConnection(ports, row.tenant, row.id)
  if (current === undefined) return { kind: 'gone' }
  const connection = mintedConnection(current)
  if (connection === undefined) return { kind: 'gone' }
  return kind === 'ready' ? { kind, connection } : { kind, row: connection.row }
}
