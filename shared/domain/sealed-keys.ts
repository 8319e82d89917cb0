import type { ItemKey } from './item-key.ts'

const SECRET_PREFIX = 'SECRET#'
/** What the sort keys of a secret's versions begin with. */
export const VERSION_PREFIX = 'v#'

/** The sort key of the item that says when a secret was created, and when its deletion was asked for. */
export const META_SORT = 'meta'

/** The partition that holds one secret: its `meta` item and an item a version. */
export function secretPartition(secretId: string): string {
  return `${SECRET_PREFIX}${secretId}`
}

/** The secret a partition holds, or undefined when it holds something else. */
export function secretIdOfPartition(partition: string): string | undefined {
  return partition.startsWith(SECRET_PREFIX) ? partition.slice(SECRET_PREFIX.length) : undefined
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

/** What kinds of sealed items there are, by the word their partition begins with. */
const SEALED_PARTS = { ACCESS: 'access', REFRESH: 'refresh' } as const

/** Holds the sealed items of one part of a connection's grants; the sort key is the mark. */
export function sealedGrantsPartition(tenant: string, ownerId: string, part: 'access' | 'refresh'): string {
  return `${part === 'access' ? 'ACCESS' : 'REFRESH'}#${tenant}#${ownerId}`
}

/** A sealed token of a connection, by its mark. */
export function sealedGrantKey(place: {
  tenant: string
  ownerId: string
  part: 'access' | 'refresh'
  mark: string
}): ItemKey {
  return { partition: sealedGrantsPartition(place.tenant, place.ownerId, place.part), sort: place.mark }
}

/** What is sealed under a key, or undefined when it is no sealed token. */
export function findSealedGrant(
  key: ItemKey,
): { tenant: string; ownerId: string; part: 'access' | 'refresh'; mark: string } | undefined {
  const [word = '', tenant, ownerId] = key.partition.split('#')
  const part = Object.hasOwn(SEALED_PARTS, word) ? SEALED_PARTS[word as keyof typeof SEALED_PARTS] : undefined
  if (part === undefined || tenant === undefined || ownerId === undefined) return undefined
  return { tenant, ownerId, part, mark: key.sort }
}
