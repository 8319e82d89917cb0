import type { ConnectionRow } from '../../domain/connection.ts'
import { SecretNotFoundError } from '../../ports/secret-store.ts'
import { commitHeld } from '../commit/commit-held.ts'
import { discardVersion } from '../commit/discard-version.ts'
import { parseContent } from '../commit/opened-secrets.ts'
import type { SecretContent } from '../commit/secret-content.ts'
import { grantChange } from './grant-change.ts'
import type { GrantPorts } from './grant-ports.ts'
import { scopesToAsk, statesOfGrants } from './grant-records.ts'
import type { MintedConnection } from './minted-connection.ts'

/** An answer that was stored and that no row points at. */
export interface StoredAnswer {
  readonly versionId: string
  readonly content: SecretContent
}

/**
 * What a sender of the standing attempt, or of one before it for the same token, has stored; undefined when none of
 * them has. The latest first: the provider gave that one last.
 */
export async function findAnswer(
  ports: GrantPorts,
  row: MintedConnection['row'],
): Promise<StoredAnswer | undefined> {
  const { attempt } = row
  if (attempt === undefined) return undefined
  for (const versionId of [attempt.answerVersionId, ...(attempt.earlier?.answerVersionIds ?? [])]) {
    const content = await findContent(ports, row.secret.secretId, versionId)
    if (content?.grants !== undefined) return { versionId, content }
  }
  return undefined
}

/** Commits an answer that its sender stored and did not live to commit; undefined when the row was taken meanwhile. */
export async function adoptAnswer(
  ports: GrantPorts,
  held: MintedConnection,
  { versionId, content }: StoredAnswer,
): Promise<ConnectionRow | undefined> {
  const { row } = held
  const committed = await commitHeld(ports, row, (current) => {
    const change = grantChange(ports, current, {
      held,
      secret: { ...row.secret, versionId },
      grants: statesOfGrants(content.grants ?? {}),
      answer: {
        askedScopes: row.requiredScopes ?? scopesToAsk(held.profile, content.setup),
        oauthAppId: row.oauthAppId,
      },
    })
    return { ...change, members: { ...change.members, fence: row.fence + 1 } }
  })
  if (committed === undefined) return undefined
  ports.log.info('adopted the answer of a rotation that was interrupted', { connection_id: row.id })
  await discardVersion(ports, row.secret)
  return committed
}

async function findContent(
  ports: GrantPorts,
  secretId: string,
  versionId: string,
): Promise<SecretContent | undefined> {
  try {
    return parseContent(await ports.secrets.get(secretId, versionId))
  } catch (error) {
    if (error instanceof SecretNotFoundError) return undefined
    throw error
  }
}
