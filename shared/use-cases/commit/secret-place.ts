import type { Setup } from '../../connectors/connector.ts'
import type { SecretPointer } from '../../domain/connection.ts'
import { newUuid } from '../../domain/ids.ts'
import { parseSecretId, type SecretKind, secretIdOf } from '../../domain/secret-id.ts'
import { type ItemKey, sameAs, type Write } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'

/**
 * Secrets Manager keeps 100 versions of a secret without deleting any younger than a day, and refuses the next (user
 * guide, "Secret versions"; quotas). Ten are left for what is staged at the same time.
 */
export const MAX_VERSIONS_OF_A_GENERATION = 90

/** What owns secrets: a connection's row, an OAuth application, a subscription. */
export interface SecretHolder {
  readonly tenant: string
  readonly id: string
  readonly op: string
  /** How many names its secrets ever had, over all kinds. */
  readonly generations: number
  readonly secret?: SecretPointer
}

/** Where the next version of a holder's secret goes. */
export interface SecretPlace {
  readonly secretId: string
  readonly generation: number
  readonly staged: number
  readonly newSecret: boolean
}

/** The kind of secret that a setup is: what mints a credential is nothing that flows are handed. */
export function kindOfSetup({ grant }: Pick<Setup, 'grant'>): SecretKind {
  return grant === undefined ? 's' : 'm'
}

/** The place of the first secret of what is about to be created. */
export function firstPlace(
  ports: Pick<Ports, 'secrets'>,
  owner: { readonly tenant: string; readonly id: string },
  kind: SecretKind,
): SecretPlace {
  return newPlace(ports, owner, { kind, generation: 1 })
}

/**
 * The place of the next version, and what counts it in the transaction that opens the intent; `reserved` is the holder
 * as that leaves it. A later setup of the same kind is a version of the same secret until the generation is full. The
 * first one, one of another kind, one that would not fit and one whose secret is gone take a name that was never used.
 * Two operations that shared a new name would destroy each other's secret when one is undone, so a second reservation
 * fails.
 */
export function placeForSecret<Holder extends SecretHolder>(
  ports: Pick<Ports, 'secrets' | 'random'>,
  holder: Holder,
  { kind, key, isGone = false }: { kind: SecretKind; key: ItemKey; isGone?: boolean },
): SecretPlace & { readonly reserve: Write; readonly reserved: Holder } {
  const { secret } = holder
  const op = newUuid(ports.random)
  if (secret !== undefined && !isGone && hasRoom(secret, kind)) {
    const counted = { ...secret, staged: secret.staged + 1 }
    const { secretId, generation, staged } = counted
    const when = [sameAs('secret.versionId', secret.versionId), sameAs('secret.staged', secret.staged)]
    const reserve: Write = { op: 'update', key, set: { op, secret: counted }, when }
    const reserved = { ...holder, op, secret: counted }
    return { secretId, generation, staged, newSecret: false, reserve, reserved }
  }
  const generations = holder.generations + 1
  return {
    ...newPlace(ports, holder, { kind, generation: generations }),
    reserve: {
      op: 'update',
      key,
      set: { op, generations },
      when: [sameAs('generations', holder.generations)],
    },
    reserved: { ...holder, op, generations },
  }
}

function hasRoom({ secretId, staged }: SecretPointer, kind: SecretKind): boolean {
  return parseSecretId(secretId).kind === kind && staged < MAX_VERSIONS_OF_A_GENERATION
}

function newPlace(
  ports: Pick<Ports, 'secrets'>,
  { tenant, id }: { readonly tenant: string; readonly id: string },
  { kind, generation }: { kind: SecretKind; generation: number },
): SecretPlace {
  const { deployment } = ports.secrets
  const secretId = secretIdOf({ deployment, kind, tenant, ownerId: id, generation })
  return { secretId, generation, staged: 1, newSecret: true }
}

/** The pointer as a commit writes it over what is there: versions that others staged meanwhile stay counted. */
export function countedPointer(
  pointer: SecretPointer,
  current: SecretPointer | undefined,
  { begun }: { begun: boolean },
): SecretPointer {
  if (current?.secretId !== pointer.secretId) return pointer
  return { ...pointer, staged: Math.max(pointer.staged, current.staged + (begun ? 0 : 1)) }
}
