import type { ConnectionRow } from '../../domain/connection.ts'
import type { SecretText } from '../../domain/secret-text.ts'
import { ConditionFailedError, StoreUnavailableError } from '../../ports/item-store.ts'
import { type HeldChange, heldWrites } from '../commit/commit-held.ts'
import { discardVersion } from '../commit/discard-version.ts'
import type { GrantPorts } from '../grants/grant-ports.ts'
import type { MintedConnection } from '../grants/minted-connection.ts'

/**
 * Stores a new version and points the row at it in one transaction, where the secret store keeps its versions among
 * the rows: one durable write, with nothing in between to be interrupted. Tried once. Undefined when it cannot be
 * done or did not work out: then the same version is stored and committed in steps, each of which may be repeated and
 * finds out what became of this.
 */
export async function commitAtOnce(
  ports: GrantPorts,
  held: MintedConnection['row'],
  next: { versionId: string; value: SecretText; change: HeldChange },
): Promise<ConnectionRow | undefined> {
  const versions = { from: held.secret.versionId, to: next.versionId }
  try {
    const replacement = await ports.secrets.replacement?.(held.secret.secretId, versions, next.value)
    if (replacement === undefined) return undefined
    const change = { ...next.change, beside: replacement.writes }
    const commit = heldWrites(ports, held, { held, change })
    await ports.items.transact(commit.writes)
    if (!replacement.discards) await discardVersion(ports, held.secret)
    return commit.next
  } catch (error) {
    if (error instanceof ConditionFailedError || error instanceof StoreUnavailableError) return undefined
    throw error
  }
}
