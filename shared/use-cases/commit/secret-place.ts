import type { ConnectionRow } from '../../domain/connection.ts'
import { connectionKey } from '../../domain/keys.ts'
import { secretIdOf } from '../../domain/secret-id.ts'
import type { Write } from '../../ports/item-store.ts'

/** Where a connection's next secret version goes, and the write that reserves a new name beside the intent. */
export interface SecretPlace {
  readonly secretId: string
  readonly generation: number
  readonly newSecret: boolean
  readonly reserve: readonly Write[]
}

/**
 * Later setups and grants are versions of the same secret; the first of an empty connection takes a name that was
 * never used. Two operations that shared a new name would destroy each other's secret when one is undone, so the
 * name is reserved in the transaction that opens the intent, which a second one fails.
 */
export function placeForSecret(row: ConnectionRow): SecretPlace {
  if (row.secret !== undefined) {
    const { secretId, generation } = row.secret
    return { secretId, generation, newSecret: false, reserve: [] }
  }
  const generation = row.generations + 1
  return {
    secretId: secretIdOf({ tenant: row.tenant, ownerId: row.id, generation }),
    generation,
    newSecret: true,
    reserve: [
      {
        op: 'update',
        key: connectionKey(row.tenant, row.id),
        add: { generations: 1 },
        when: [{ kind: 'equals', attribute: 'generations', value: row.generations }],
      },
    ],
  }
}
