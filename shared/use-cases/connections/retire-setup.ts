import type { ConnectionRow, SecretPointer } from '../../domain/connection.ts'
import { sealedGrantKey } from '../../domain/keys.ts'
import type { Write } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { discardReplaced } from '../commit/discard-version.ts'
import { INTENT_DEADLINE_MS, type Intent } from '../commit/intent.ts'
import { rescueRemoval, rescueWrite } from '../commit/rescue-item.ts'
import { revokeStored, storedSetupOf } from '../commit/stored-setup.ts'
import { removeQuietly } from '../grants/keep-answer.ts'
import type { FirstGrantPorts } from './first-grant.ts'

/**
 * The old setup's grants are ended at their provider: nothing points at them any more, and they must not outlive that.
 * It is tried at once; what that does not do is left to the rescue that the commit has put there.
 */
export async function retireSecret(
  ports: FirstGrantPorts,
  old: ConnectionRow,
  now: { op: string; secret: SecretPointer },
): Promise<void> {
  const stored = storedSetupOf(old)
  if (stored?.grant !== undefined) {
    const outcomes = Object.values(await revokeStored(ports, stored))
    if (outcomes.includes('failed')) return
    const owner = { tenant: old.tenant, ownerId: old.id }
    const marks = Object.entries(stored.grant) as ['access' | 'refresh', string][]
    const tokens = marks.map(([part, mark]): Write => {
      return { op: 'delete', key: sealedGrantKey({ ...owner, part, mark }) }
    })
    const rescue = { tenant: old.tenant, connectionId: old.id, op: now.op }
    await removeQuietly(ports, [...tokens, rescueRemoval(revocation(rescue))])
  }
  if (old.secret !== undefined && leftWith(ports, old, now).length === 0)
    await discardReplaced(ports, old.secret, now.secret)
}

/** What discards the replaced version with the commit, where nothing needs it any more and the store can. */
export function leftWith(
  ports: Ports,
  old: ConnectionRow,
  now: { readonly secret: SecretPointer },
): readonly Write[] {
  if (old.secret === undefined || old.grant !== undefined || old.secret.secretId !== now.secret.secretId)
    return []
  return ports.secrets.discarding(old.secret.secretId, old.secret.versionId)
}

/** The rescue that ends a replaced grant has a name of its own, beside that of the operation's new one. */
function revocation<T extends { op: string }>(rescue: T): T {
  return { ...rescue, op: `${rescue.op}-revoke` }
}

/** What ends the grant of the setup that is replaced, whatever becomes of this process: it keeps the setup it needs. */
export function endOfOldGrant(
  current: ConnectionRow,
  { intent, nowMs }: { intent: Intent; nowMs: number },
): Write[] {
  const stored = storedSetupOf(current)
  if (stored?.grant === undefined || current.grants === undefined) return []
  const { id, grant, ...setup } = stored
  const rescue = revocation({
    ...setup,
    kind: 'rescue',
    of: 'revoke',
    op: intent.op,
    connectionId: id,
    grant,
    grants: current.grants,
    requiredScopes: current.requiredScopes ?? [],
    replaces: {},
    createdAtMs: nowMs,
  } as const)
  return [rescueWrite(rescue, nowMs + INTENT_DEADLINE_MS)]
}
