import { MAIN_GRANT } from '../domain/grant.ts'
import { canResend, resendAtMs } from '../domain/rotation-policy.ts'
import type { RotationCause } from '../ports/grant-runner.ts'
import { SecretNotFoundError } from '../ports/secret-store.ts'
import type { SecretContent } from './accept-setup.ts'
import { commitFailure } from './commit-failure.ts'
import { grantChange } from './commit-grants.ts'
import { commitHeld } from './commit-held.ts'
import { findConnection } from './connection-rows.ts'
import { discardVersion } from './discard-version.ts'
import type { GrantPorts } from './grant-ports.ts'
import { statesOfGrants } from './grant-records.ts'
import { parseContent } from './opened-secrets.ts'
import { postponeRow } from './postpone-rotation.ts'
import { type MintedConnection, mintedConnection } from './rotate-connection.ts'

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
  if (row.lease !== undefined && row.lease.untilMs > nowMs) return { kind: 'busy', row }
  const { attempt } = row
  if (attempt === undefined) return { kind: 'ready', connection }
  if (attempt.unknownAtMs === undefined) return resolveAbandoned(ports, connection)
  const accessExpiresAtMs = row.grants?.[attempt.grantName]?.accessExpiresAtMs
  const facts = { refresh: profile.refresh, accessExpiresAtMs, nowMs }
  if (
    row.grants !== undefined &&
    canResend(attempt, { ...facts, watchedMs: ports.attempts.watchedMs(row) })
  ) {
    return { kind: 'ready', connection }
  }
  if (cause === 'due' && row.due_at !== undefined && row.due_at <= nowMs) {
    await postponeRow(ports, row, { kind: 'at', atMs: resendAtMs(attempt, facts) })
  }
  return { kind: 'failed', row }
}

async function resolveAbandoned(ports: GrantPorts, connection: MintedConnection): Promise<SettledAttempt> {
  const { row } = connection
  const content = await findAnswer(ports, row)
  if (content?.grants !== undefined) return adopt(ports, connection, content)
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

async function findAnswer(
  ports: GrantPorts,
  row: MintedConnection['row'],
): Promise<SecretContent | undefined> {
  try {
    return parseContent(await ports.secrets.get(row.secret.secretId, row.attempt!.answerVersionId))
  } catch (error) {
    if (error instanceof SecretNotFoundError) return undefined
    throw error
  }
}

/** Commits an answer that its sender stored and did not live to commit. */
async function adopt(
  ports: GrantPorts,
  held: MintedConnection,
  content: SecretContent,
): Promise<SettledAttempt> {
  const { row } = held
  const secret = { ...row.secret, versionId: row.attempt!.answerVersionId }
  const grants = statesOfGrants(content.grants ?? {})
  const committed = await commitHeld(ports, row, (current) => {
    const change = grantChange(ports, current, {
      held,
      secret,
      grants,
      answer: {
        askedScopes: row.requiredScopes ?? grants[MAIN_GRANT]?.grantedScopes ?? [],
        oauthAppId: row.oauthAppId,
      },
    })
    return { ...change, members: { ...change.members, fence: row.fence + 1 } }
  })
  if (committed === undefined) return reread(ports, row, 'busy')
  ports.log.info('adopted the answer of a rotation that was interrupted', { connection_id: row.id })
  await discardVersion(ports, row.secret)
  return reread(ports, row, 'rotated')
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
