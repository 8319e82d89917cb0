import { findSetupOf } from '../../connectors/catalogue.ts'
import type { ConnectionRow, SecretPointer } from '../../domain/connection.ts'
import type { Write } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { discardReplaced } from '../commit/discard-version.ts'
import { endOfGrantRemoval } from '../commit/rescue-item.ts'
import { sealedRemoval } from '../commit/sealed-removal.ts'
import { revokeStored, storedSetupOf } from '../commit/stored-setup.ts'
import { removeQuietly } from '../grants/keep-answer.ts'
import type { FirstGrantPorts } from './first-grant.ts'
import type { GrantFate } from './grant-fate.ts'

/** The row as it was when its setup was replaced, and what became of its grant. */
export interface Replaced {
  readonly row: ConnectionRow
  readonly fate: GrantFate
}

/** Whether the grant that the row does not name any more is ended at its provider, or only forgotten. */
export function isRevoked({ row, fate }: Replaced): boolean {
  if (fate === 'ended') return true
  const profile = findSetupOf(row.appId, row.setupType)?.grant
  return fate === 'replaced' && profile?.revocation?.ends === 'token'
}

/**
 * What lies behind a new setup is let go. A grant of another client is ended at its provider, at once if that is to be
 * had; what that does not do is left to the rescue that the commit has put there.
 */
export async function retireSetup(
  ports: FirstGrantPorts,
  replaced: Replaced,
  now: { op: string; secret: SecretPointer },
): Promise<void> {
  const { row: old, fate } = replaced
  if (fate === 'ended' || fate === 'replaced') {
    const stored = storedSetupOf(old)
    const isEnded = isRevoked(replaced) && stored !== undefined
    if (isEnded && Object.values(await revokeStored(ports, stored)).includes('failed')) return
    await removeQuietly(ports, [...sealedRemoval(old, old.grant), endOfGrantRemoval(old, now.op)])
  }
  if (old.secret !== undefined && leftWith(ports, replaced, now.secret).length === 0)
    await discardReplaced(ports, old.secret, [now.secret])
}

/** What discards the replaced version with the commit, where nothing needs it any more and the store can. */
export function leftWith(ports: Ports, replaced: Replaced, now: SecretPointer): readonly Write[] {
  const { secret } = replaced.row
  if (secret === undefined || isRevoked(replaced) || secret.secretId !== now.secretId) return []
  return ports.secrets.discarding(secret.secretId, secret.versionId)
}
