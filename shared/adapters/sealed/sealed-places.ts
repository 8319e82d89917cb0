import { parseSecretId } from '../../domain/secret-id.ts'
import type { SealedPlace } from '../../ports/grant-sealer.ts'
import type { Place } from './envelope.ts'

/**
 * What a version is sealed to: deployment, kind, tenant, owner, generation and version id. Moved to any other place, by
 * a bug or by a hand in the database, it does not open. Throws `InvariantError` when `secretId` is not a name of this
 * vault.
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
