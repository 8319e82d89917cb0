import type { ItemKey } from './item-key.ts'

/*
 * Keys that only the commands of operators ask for.
 */

/** The partition of a tenant that holds items of that kind: what `findPartitionParts` takes apart. */
export function partitionOfKind({ tenant, kind }: { tenant: string; kind: string }): string {
  return `TENANT#${tenant}#${kind}`
}

/** How far a move of what is sealed of a tenant to another key has come. */
export function keyMoveKey(tenant: string): ItemKey {
  return { partition: `TENANT#${tenant}#KEY_MOVE`, sort: 'cursor' }
}
