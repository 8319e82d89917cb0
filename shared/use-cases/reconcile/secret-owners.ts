import type { ConnectionRow, SecretPointer } from '../../domain/connection.ts'
import { connectionKey, findPartitionParts, OAUTH_APP_PREFIX } from '../../domain/keys.ts'
import { findSecretIdParts } from '../../domain/secret-id.ts'
import type { Item } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { applicationOf } from '../../rows/application-row.ts'
import { CONNECTION_ROWS } from '../../rows/connection-row.ts'
import type { Rescue } from '../../rows/rescue-row.ts'
import { TOMBSTONE_ROWS, type Tombstone } from '../../rows/tombstone-row.ts'
import { rescuesBeside } from '../commit/rescue-item.ts'
import { findTombstone } from '../commit/tombstones.ts'
import { findOauthApplication, triedPrevious } from '../oauth-applications/oauth-application.ts'
import { findSubscription, subscriptionOf } from '../subscriptions/subscription-rows.ts'

/** Who a secret belongs to: what points at it or may yet do so, or that we do not know such owners at all. */
export type SecretOwner =
  | { readonly kind: 'unknown' }
  | {
      readonly kind: 'known'
      readonly pointers: readonly SecretPointer[]
      /** Of what is in use: those of a deleted connection are none. */
      readonly live: readonly SecretPointer[]
      readonly kept: readonly SecretPointer[]
    }

/**
 * The owner of a secret by strong reads, one owner kind after the other. `kept` are versions that no pointer names
 * and that are still needed: what a rescue needs the setup of, to end a grant at its provider, and the client secret
 * that an application had before, while it is tried.
 */
export async function findSecretOwner(
  ports: Pick<Ports, 'items'>,
  secretId: string,
  nowMs: number,
): Promise<SecretOwner> {
  const parts = findSecretIdParts(secretId)
  if (parts === undefined) return { kind: 'unknown' }
  const { tenant, ownerId, kind } = parts
  if (kind === 'a' && ownerId.startsWith(OAUTH_APP_PREFIX)) {
    const application = await findOauthApplication(ports, tenant, ownerId)
    const previous = application === undefined ? undefined : triedPrevious(application, nowMs)
    const kept = previous === undefined ? [] : [previous.secret]
    const live = application?.secret === undefined ? [] : [application.secret]
    return { kind: 'known', pointers: live, live, kept }
  }
  if (kind === 'w' && ownerId.startsWith('su_')) {
    const subscription = await findSubscription(ports, tenant, ownerId)
    const live = [subscription?.secret, subscription?.previousSecret].flatMap((pointer) => pointer ?? [])
    return { kind: 'known', pointers: live, live, kept: [] }
  }
  const isSetup = (kind === 's' || kind === 'm') && ownerId.startsWith('ac_')
  return isSetup ? connectionOwner(ports, tenant, ownerId) : { kind: 'unknown' }
}

async function connectionOwner(
  ports: Pick<Ports, 'items'>,
  tenant: string,
  id: string,
): Promise<SecretOwner> {
  const { row, tombstones, rescues } = await readPointing(ports, tenant, id)
  const live = row?.secret === undefined ? [] : [row.secret]
  return {
    kind: 'known',
    pointers: [...live, ...tombstones.flatMap((tombstone) => tombstone.row.secret ?? [])],
    live,
    kept: rescues.flatMap(({ secret }) => secret ?? []),
  }
}

/**
 * All that may point at what is a connection's, by strong reads. A delete moves the pointers from the row to the
 * tombstone and a restore moves them back: looking at the tombstone before and after the row misses neither.
 */
export async function readPointing(
  ports: Pick<Ports, 'items'>,
  tenant: string,
  id: string,
): Promise<{ row: ConnectionRow | undefined; tombstones: readonly Tombstone[]; rescues: readonly Rescue[] }> {
  const before = await findTombstone(ports, tenant, id)
  const row = CONNECTION_ROWS.find(await ports.items.get(connectionKey(tenant, id)))
  const after = await findTombstone(ports, tenant, id)
  return {
    row,
    tombstones: [before, after].flatMap((tombstone) => tombstone ?? []),
    rescues: await rescuesBeside(ports, { tenant, id }),
  }
}

/** What an item of the row store points at, if it is one that does. Throws `UnreadableItemError`. */
export function findOwnedSecret(
  item: Item,
): { secret: SecretPointer; tenant: string; ownerId: string } | undefined {
  const parts = findPartitionParts(item.key.partition)
  const secret = parts === undefined ? undefined : pointerOf(parts.kind, item)
  return secret === undefined ? undefined : { secret, tenant: parts!.tenant, ownerId: item.key.sort }
}

function pointerOf(kind: string, { key, attributes }: Item): SecretPointer | undefined {
  if (kind === 'CONNECTIONS') return CONNECTION_ROWS.decode(attributes).secret
  if (kind === 'OAUTH_APPS')
    return key.sort.startsWith(OAUTH_APP_PREFIX) ? applicationOf(attributes)?.secret : undefined
  if (kind === 'SUBSCRIPTIONS') return subscriptionOf(attributes)?.secret
  if (kind !== 'TOMBSTONES') return undefined
  const { state, purge, row } = TOMBSTONE_ROWS.decode(attributes)
  // One that is being destroyed may point at what is gone already.
  return state === 'deleted' && !purge ? row.secret : undefined
}
