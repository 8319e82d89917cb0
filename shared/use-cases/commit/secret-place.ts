import type { Setup } from '../../connectors/connector.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import { connectionKey } from '../../domain/keys.ts'
import { parseSecretId, type SecretKind, secretIdOf } from '../../domain/secret-id.ts'
import type { Write } from '../../ports/item-store.ts'

/** Where a connection's next secret version goes, and the write that reserves a new name beside the intent. */
export interface SecretPlace {
  readonly secretId: string
  readonly generation: number
  readonly newSecret: boolean
  readonly reserve: readonly Write[]
}

/** The kind of secret that a setup is: what mints a credential is nothing that flows are handed. */
export function kindOfSetup({ grant }: Pick<Setup, 'grant'>): SecretKind {
  return grant === undefined ? 's' : 'm'
}

/**
 * A later setup of the same kind is a version of the same secret. The first one, and one of another kind, takes a name
 * that was never used. Two operations that shared a new name would destroy each other's secret when one is undone, so
 * the name is reserved in the transaction that opens the intent, which a second one fails.
 */
export function placeForSecret(
  row: ConnectionRow,
  { deployment, kind }: { deployment: string; kind: SecretKind },
): SecretPlace {
  if (row.secret !== undefined && parseSecretId(row.secret.secretId).kind === kind) {
    const { secretId, generation } = row.secret
    return { secretId, generation, newSecret: false, reserve: [] }
  }
  const generation = row.generations + 1
  return {
    secretId: secretIdOf({ deployment, kind, tenant: row.tenant, ownerId: row.id, generation }),
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
