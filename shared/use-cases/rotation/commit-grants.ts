import type { ConnectionRow } from '../../domain/connection.ts'
import type { StoredGrant } from '../../domain/grant.ts'
import type { SecretText } from '../../domain/secret-text.ts'
import type { RotationResult } from '../../ports/grant-runner.ts'
import { StoreUnavailableError } from '../../ports/item-store.ts'
import { SecretNotFoundError } from '../../ports/secret-store.ts'
import { commitHeld, type HeldChange } from '../commit/commit-held.ts'
import { findConnection } from '../commit/connection-rows.ts'
import { discardVersion } from '../commit/discard-version.ts'
import { isSealable, type SecretContent, sealableContent } from '../commit/secret-content.ts'
import { failureBecause } from '../grants/failure.ts'
import type { GrantAnswer } from '../grants/grant-change.ts'
import { grantChange, withoutUsedCode } from '../grants/grant-change.ts'
import type { GrantPorts } from '../grants/grant-ports.ts'
import { mergeGrant, statesOfGrants } from '../grants/grant-records.ts'
import type { HeldConnection, MintedConnection } from '../grants/minted-connection.ts'
import { revokeGrants } from '../grants/revoke-grants.ts'
import { commitAtOnce } from './commit-at-once.ts'
import { commitFailure } from './commit-failure.ts'
import { persistently } from './persistently.ts'
import { leaveRescue } from './rescue-grant.ts'

/**
 * Persists first, then commits: the answer is stored under the name that the attempt already carries, so that
 * it is found even when everything after fails. A lost hold leaves a rescue item; a grant is never dropped.
 */
export async function commitGrants(
  ports: GrantPorts,
  held: HeldConnection,
  answer: GrantAnswer,
): Promise<RotationResult> {
  const { row } = held
  const merged = mergeAll(held, answer)
  const content = {
    setup: withoutUsedCode(answer.content.setup),
    grants: { ...answer.content.grants, ...merged },
  }
  if (!isSealable(content)) {
    const told = { failure: failureBecause('answer-too-large'), application: undefined }
    return { kind: 'failed', row: await commitFailure(ports, row, told) }
  }
  const value = sealableContent(content)
  const versionId = row.attempt.answerVersionId
  const secret = { ...row.secret, versionId }
  const change = (current: ConnectionRow) =>
    grantChange(ports, current, { held, secret, grants: statesOfGrants(content.grants), answer })
  const committed =
    (await commitAtOnce(ports, row, { versionId, value, change: change(row) })) ??
    (await commitInSteps(ports, row, { value, change }))
  if (committed === 'deleted') return endDeleted(ports, row, { setup: content.setup, grants: merged })
  if (committed === 'not-stored') return answerLost(ports, row)
  if (committed === 'taken') {
    await leaveRescue(ports, row, { versionId, grantNames: Object.keys(merged) })
    const current = await findConnection(ports, row.tenant, row.id)
    if (current === undefined) return { kind: 'gone' }
    // The one transaction may have been done although the store did not say so.
    return { kind: current.secret?.versionId === versionId ? 'rotated' : 'busy', row: current }
  }
  ports.opened.remember(secret, value)
  return { kind: 'rotated', row: committed }
}

/** The row, or why it does not point at the answer: the store did not take it, or somebody else has taken the row. */
async function commitInSteps(
  ports: GrantPorts,
  row: HeldConnection['row'],
  next: { value: SecretText; change: (current: ConnectionRow) => HeldChange },
): Promise<ConnectionRow | 'deleted' | 'not-stored' | 'taken'> {
  const stored = await persist(ports, row, next.value)
  if (stored !== 'stored') return stored
  const committed = await commitHeld(ports, row, next.change)
  if (committed === undefined) return 'taken'
  await discardVersion(ports, row.secret)
  return committed
}

function mergeAll(held: MintedConnection, answer: GrantAnswer): Record<string, StoredGrant> {
  return Object.fromEntries(
    Object.entries(answer.minted).map(([name, minted]) => [
      name,
      mergeGrant(answer.content.grants?.[name], minted, {
        profile: held.profile,
        issuedAtMs: answer.issuedAtMs,
        askedScopes: answer.askedScopes,
      }),
    ]),
  )
}

/** `not-stored` when the store did not answer for as long as the hold lasts. */
async function persist(
  ports: GrantPorts,
  row: HeldConnection['row'],
  value: SecretText,
): Promise<'stored' | 'deleted' | 'not-stored'> {
  try {
    // The same token each time: a put whose answer was lost is found and not repeated.
    const put = () => ports.secrets.put(row.secret.secretId, row.attempt.answerVersionId, value)
    await persistently(ports, 'store a new grant', put)
    return 'stored'
  } catch (error) {
    if (error instanceof SecretNotFoundError) return 'deleted'
    if (error instanceof StoreUnavailableError) return 'not-stored'
    throw error
  }
}

/** The connection was deleted while the provider answered: the grant must not outlive it. */
async function endDeleted(
  ports: GrantPorts,
  row: MintedConnection['row'],
  content: SecretContent,
): Promise<RotationResult> {
  await revokeGrants(ports, row, content)
  const current = await findConnection(ports, row.tenant, row.id)
  return current === undefined ? { kind: 'gone' } : { kind: 'busy', row: current }
}

async function answerLost(ports: GrantPorts, row: ConnectionRow): Promise<RotationResult> {
  ports.log.error('a new grant could not be stored and is lost', { connection_id: row.id })
  const failure = {
    class: 'unknown',
    code: 'answer_not_stored',
    message: 'The provider answered but the answer could not be stored.',
    next: 'unknown',
  } as const
  return { kind: 'failed', row: await commitFailure(ports, row, { failure, application: undefined }) }
}
