import { parseSecretId } from '../../domain/secret-id.ts'
import type { SealedPlace } from '../../ports/grant-sealer.ts'
import type { ItemKey } from '../../ports/item-store.ts'
import type { Place } from './envelope.ts'

const PARTITION_PREFIX = 'SECRET#'
const VERSION_PREFIX = 'v#'

/** The sort key of the item that says when a secret was created, and when its deletion was asked for. */
export const META_SORT = 'meta'

/** The partition that holds one secret: its `meta` item and an item a version. */
export function secretPartition(secretId: string): string {
  return `${PARTITION_PREFIX}${secretId}`
}

/** The secret a partition holds, or undefined when it holds something else. */
export function secretIdOfPartition(partition: string): string | undefined {
  return partition.startsWith(PARTITION_PREFIX) ? partition.slice(PARTITION_PREFIX.length) : undefined
}

/** Where a secret's `meta` item is. */
export function metaKey(secretId: string): ItemKey {
  return { partition: secretPartition(secretId), sort: META_SORT }
}

/** Where one version of a secret is. */
export function versionKey(secretId: string, versionId: string): ItemKey {
  return { partition: secretPartition(secretId), sort: `${VERSION_PREFIX}${versionId}` }
}

/** The version an item holds, or undefined when it holds something else. */
export function versionOfKey(key: ItemKey): { secretId: string; versionId: string } | undefined {
  const secretId = secretIdOfPartition(key.partition)
  if (secretId === undefined || !key.sort.startsWith(VERSION_PREFIX)) return undefined
  return { secretId, versionId: key.sort.slice(VERSION_PREFIX.length) }
}

/**
 * What a version is sealed to: deployment, kind, tenant, owner, generation and version id. Moved to any other place, by a bug or by
 * a hand in the database, it does not open. Throws `InvariantError` when `secretId` is not a name of this vault.
 */
export function placeOf(secretId: string, versionId: string): Place {
  const { deployment, kind, tenant, ownerId, generation } = parseSecretId(secretId)
  return {
    context: { tenant, secretId, versionId },
    boundTo: [deployment, kind, tenant, ownerId, `g${generation}`, versionId],
  }
}

/** What a sealed token is bound to: tenant, owner, part and mark. */
export function placeOfGrant({ tenant, ownerId, part, mark }: SealedPlace): Place {
  return { context: { tenant, owner: ownerId, part, mark }, boundTo: [tenant, ownerId, part, mark] }
}
