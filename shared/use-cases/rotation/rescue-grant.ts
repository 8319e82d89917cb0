import type { ConnectionRow } from '../../domain/connection.ts'
import { newUuid } from '../../domain/ids.ts'
import { rescueKey } from '../../domain/keys.ts'
import type { Write } from '../../ports/item-store.ts'
import { SecretNotFoundError } from '../../ports/secret-store.ts'
import { commitHeld } from '../commit/commit-held.ts'
import { findConnection } from '../commit/connection-rows.ts'
import { discardVersion } from '../commit/discard-version.ts'
import { INTENT_DEADLINE_MS } from '../commit/intent.ts'
import { parseContent } from '../commit/opened-secrets.ts'
import type { Rescue, StoredRescue } from '../commit/rescue-item.ts'
import { rescueWrite } from '../commit/rescue-item.ts'
import { type SecretContent, sealableContent } from '../commit/secret-content.ts'
import { grantChange } from '../grants/grant-change.ts'
import type { GrantPorts } from '../grants/grant-ports.ts'
import { scopesToAsk, statesOfGrants } from '../grants/grant-records.ts'
import { type MintedConnection, mintedConnection } from '../grants/minted-connection.ts'
import { revokeGrants } from '../grants/revoke-grants.ts'
import { persistently } from './persistently.ts'

/** A grant that is not stored by then, by any clock, never will be. */
const STORED_WITHIN_MS = 15 * 60_000

export type RescueOutcome = 'adopted' | 'superseded' | 'revoked' | 'contended'

/** The version that holds a grant, and which of a bundle it is. */
interface LostGrant {
  readonly versionId: string
  readonly grantNames: readonly string[]
}

/**
 * The writes that lead to what slow senders of the standing attempt's token may still store: for when the attempt
 * itself, which remembers that, goes with the grant it was for.
 */
export function rescuesOfEarlier(row: ConnectionRow, nowMs: number): Write[] {
  const { attempt } = row
  return (attempt?.earlier?.answerVersionIds ?? []).map((versionId) =>
    rescueWrite(rescueOf(row, { versionId, grantNames: [attempt!.grantName] }), nowMs + INTENT_DEADLINE_MS),
  )
}

/** Leaves a rescue item for a grant that could not be committed. */
export async function leaveRescue(ports: GrantPorts, row: ConnectionRow, lost: LostGrant): Promise<void> {
  const write = rescueWrite(rescueOf(row, lost), ports.clock.nowMs())
  await persistently(ports, 'leave a rescue', () => ports.items.transact([write]))
  ports.log.warn('left a new grant to be rescued', { connection_id: row.id })
}

function rescueOf(row: ConnectionRow, lost: LostGrant): Rescue {
  return {
    kind: 'rescue',
    tenant: row.tenant,
    connectionId: row.id,
    appId: row.appId,
    setupType: row.setupType,
    setupDigest: row.setupDigest,
    authorization: row.authorization ?? 0,
    oauthAppId: row.oauthAppId,
    secretId: row.secret!.secretId,
    generation: row.secret!.generation,
    replaces: issueInstants(row, lost.grantNames),
    ...lost,
  }
}

function issueInstants(row: ConnectionRow, grantNames: readonly string[]): Record<string, number> {
  const issued = grantNames.map((name) => [name, row.grants?.[name]?.issuedAtMs] as const)
  return Object.fromEntries(issued.filter((entry): entry is [string, number] => entry[1] !== undefined))
}

/**
 * Adopts a rescued grant when the connection still has the setup and authorization it was minted for and nothing
 * newer; lets it go when something newer of the same authorization is there; and revokes it upstream when the
 * connection is gone or means another account now. `contended`: the row changed meanwhile, and the item stays for
 * the next time. Idempotent.
 */
export async function settleRescue(ports: GrantPorts, rescue: StoredRescue): Promise<RescueOutcome> {
  const content = await findContent(ports, rescue)
  const row = await findConnection(ports, rescue.tenant, rescue.connectionId)
  if (content === undefined && ports.clock.nowMs() < rescue.due_at + STORED_WITHIN_MS) return 'contended'
  const outcome = content === undefined ? 'superseded' : await decideRescue(ports, rescue, { content, row })
  if (outcome === 'contended') return outcome
  if (content !== undefined && outcome !== 'adopted' && row?.secret?.versionId !== rescue.versionId) {
    await discardVersion(ports, {
      secretId: rescue.secretId,
      versionId: rescue.versionId,
      generation: rescue.generation,
    })
  }
  await ports.items.transact([
    { op: 'delete', key: rescueKey(rescue.tenant, rescue.connectionId, rescue.versionId) },
  ])
  return outcome
}

async function decideRescue(
  ports: GrantPorts,
  rescue: Rescue,
  seen: { content: SecretContent; row: ConnectionRow | undefined },
): Promise<RescueOutcome> {
  const { content, row } = seen
  const sameSetup = row !== undefined && row.setupDigest === rescue.setupDigest
  if (!sameSetup || (row.authorization ?? 0) !== rescue.authorization) {
    if (!sameSetup) await revokeGrants(ports, { ...rescue, id: rescue.connectionId }, content)
    return 'revoked'
  }
  // Which of two grants is newer no clock can tell: what counts is whether the one it replaces is still there.
  const isReplaced = rescue.grantNames.some(
    (name) => row.grants?.[name]?.issuedAtMs !== rescue.replaces[name],
  )
  if (row.secret?.versionId === rescue.versionId || isReplaced) return 'superseded'
  return adoptRescue(ports, rescue, { content, row })
}

async function adoptRescue(
  ports: GrantPorts,
  rescue: Rescue,
  seen: { content: SecretContent; row: ConnectionRow },
): Promise<'adopted' | 'superseded' | 'contended'> {
  const held = mintedConnection(seen.row)
  if (held === undefined) return 'superseded'
  const { content, versionId } = await contentToAdopt(ports, rescue, { content: seen.content, held })
  const secret = { ...held.row.secret, versionId }
  const committed = await commitHeld(ports, held.row, (row) => {
    const change = grantChange(ports, row, {
      held,
      secret,
      grants: statesOfGrants(content.grants ?? {}),
      answer: {
        askedScopes: row.requiredScopes ?? scopesToAsk(held.profile, content.setup),
        oauthAppId: row.oauthAppId ?? rescue.oauthAppId,
      },
    })
    return { ...change, members: { ...change.members, fence: row.fence + 1 } }
  })
  const rescued = { ...held.row.secret, versionId: rescue.versionId }
  if (committed === undefined) {
    if (versionId !== rescue.versionId) await discardVersion(ports, secret)
    return 'contended'
  }
  await discardVersion(ports, held.row.secret)
  if (versionId !== rescue.versionId) await discardVersion(ports, rescued)
  return 'adopted'
}

/**
 * The version to point at: the rescued one itself, or, where another grant of the bundle may have been renewed
 * meanwhile, a new one that takes over only what was rescued.
 */
async function contentToAdopt(
  ports: GrantPorts,
  rescue: Rescue,
  seen: { content: SecretContent; held: MintedConnection },
): Promise<{ content: SecretContent; versionId: string }> {
  const { row } = seen.held
  const isWhole = Object.keys(row.grants ?? {}).every((name) => rescue.grantNames.includes(name))
  if (isWhole) return { content: seen.content, versionId: rescue.versionId }
  const current = (await ports.opened.open(row.secret)).content
  const rescued = Object.fromEntries(rescue.grantNames.map((name) => [name, seen.content.grants![name]!]))
  const content: SecretContent = { setup: current.setup, grants: { ...current.grants, ...rescued } }
  const { versionId } = await ports.secrets.put(
    row.secret.secretId,
    newUuid(ports.random),
    sealableContent(content),
  )
  return { content, versionId }
}

async function findContent(ports: GrantPorts, rescue: Rescue): Promise<SecretContent | undefined> {
  try {
    return parseContent(await ports.secrets.get(rescue.secretId, rescue.versionId))
  } catch (error) {
    if (error instanceof SecretNotFoundError) return undefined
    throw error
  }
}
