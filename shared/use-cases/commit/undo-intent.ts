import {
  connectionKey,
  idempotencyKey,
  intentKey,
  oauthAppKey,
  rescueKey,
  subscriptionKey,
  tombstoneKey,
} from '../../domain/keys.ts'
import type { GrantRunner } from '../../ports/grant-runner.ts'
import { sameAs } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { tryTransact } from '../../ports/try-transact.ts'
import { IDEMPOTENCY_ROWS } from '../../rows/claim-rows.ts'
import { INTENT_ROWS, type Intent } from '../../rows/intent-row.ts'
import { RESCUE_ROWS } from '../../rows/rescue-row.ts'
import { rescueRemoval } from './rescue-item.ts'
import { sealedRemoval } from './sealed-removal.ts'
import { undoneMark } from './settle-commit.ts'
import { revokeStored } from './stored-setup.ts'

/** Undoing may have to revoke a grant; where no provider is called (OAuth applications) there is none. */
export type UndoPorts = Ports & { readonly grants?: GrantRunner }

/**
 * Closes an intent, removes what its operation put, and leaves the mark that it is undone. `absent`: there is no
 * intent, so the operation was committed, or never began. Idempotent: a crash at any await is repaired by calling
 * it again.
 */
export async function undoIntent(ports: UndoPorts, intent: Intent): Promise<'undone' | 'absent'> {
  const key = intentKey(intent.tenant, intent.op)
  const isOurs = await tryTransact(ports.items, {
    op: 'update',
    key,
    set: INTENT_ROWS.members({ state: 'undoing' }),
    when: [{ kind: 'item-present' }, { kind: 'absent', attribute: 'undoneAtMs' }],
  })
  if (!isOurs) {
    if ((await ports.items.get(key)) === undefined) return 'absent'
    // Reconcile undid it while the operation stalled, which may have put its secret only after that.
    await removeWhatWasPut(ports, intent)
    return 'undone'
  }
  await removeWhatWasPut(ports, intent)
  if (intent.idempotencySort !== undefined)
    await releaseIdempotencyRecord(ports, intent, intent.idempotencySort)
  await ports.items.transact([{ op: 'put', key, attributes: undoneMark(ports.clock.nowMs()) }])
  return 'undone'
}

/** A version put on a secret whose owner was purged meanwhile has made that secret anew: then all of it goes. */
async function removeWhatWasPut(ports: UndoPorts, intent: Intent): Promise<void> {
  await endFirstGrant(ports, intent)
  await removeImported(ports, intent)
  if (intent.newSecret) await ports.secrets.purge(intent.secretId)
  else if (await hasOwner(ports, intent)) await ports.secrets.discard(intent.secretId, intent.op)
  else await ports.secrets.purge(intent.secretId)
}

async function hasOwner(ports: Ports, { tenant, ownerId }: Intent): Promise<boolean> {
  for (const key of [connectionKey, tombstoneKey, oauthAppKey, subscriptionKey]) {
    if ((await ports.items.get(key(tenant, ownerId))) !== undefined) return true
  }
  return false
}

/** A grant that was minted already is revoked first: with the setup goes what could revoke it. */
async function endFirstGrant(ports: UndoPorts, intent: Intent): Promise<void> {
  const key = rescueKey(intent.tenant, intent.ownerId, intent.op)
  const rescue = RESCUE_ROWS.find(await ports.items.get(key))
  if (rescue?.of !== 'first' || ports.grants === undefined) return
  const { grants } = ports
  await revokeStored({ ...ports, grants }, rescue)
  await ports.items.transact([...sealedRemoval(rescue, rescue.grant), rescueRemoval(rescue)])
}

/** A grant that was brought along lives on where it came from: it is forgotten here, and never revoked. */
async function removeImported(
  ports: UndoPorts,
  { tenant, ownerId: id, sealedMark: mark }: Intent,
): Promise<void> {
  if (mark === undefined) return
  await ports.items.transact(sealedRemoval({ tenant, id }, { access: mark, refresh: mark }))
}

/** Removes the operation's Idempotency-Key record, unless another operation has taken the key over. */
async function releaseIdempotencyRecord(ports: Ports, intent: Intent, sort: string): Promise<void> {
  const key = idempotencyKey(intent.tenant, sort)
  const record = IDEMPOTENCY_ROWS.find(await ports.items.get(key))
  if (record?.op !== intent.op) return
  await tryTransact(ports.items, { op: 'delete', key, when: [sameAs('op', intent.op)] })
}
