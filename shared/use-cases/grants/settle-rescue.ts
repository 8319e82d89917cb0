import type { ConnectionRow } from '../../domain/connection.ts'
import { defined } from '../../domain/defined.ts'
import { newUuid } from '../../domain/ids.ts'
import { intentKey, rescueKey, workShard } from '../../domain/keys.ts'
import type { Write } from '../../ports/item-store.ts'
import { SecretNotFoundError } from '../../ports/secret-store.ts'
import { tryTransact } from '../../ports/try-transact.ts'
import { RESCUE_ROWS, type Rescue } from '../../rows/rescue-row.ts'
import type { Tombstone } from '../../rows/tombstone-row.ts'
import type { HeldChange } from '../commit/change-connection.ts'
import { commitHeld } from '../commit/commit-held.ts'
import { findConnection } from '../commit/connection-rows.ts'
import { rescueRemoval, rescuesBeside } from '../commit/rescue-item.ts'
import { sealedRemoval } from '../commit/sealed-removal.ts'
import { findTombstone, putTombstone, RESTORABLE_MS, unchangedTombstone } from '../commit/tombstones.ts'
import { grantChange } from './grant-change.ts'
import type { GrantPorts } from './grant-ports.ts'
import { removeQuietly } from './keep-answer.ts'
import { mintedConnection } from './minted-connection.ts'
import { revokeGrants } from './revoke-grants.ts'
import { findCurrentTokens, openTokens, prepareSeals, type TokensByName } from './sealed-tokens.ts'

/** A replaced grant's provider is asked for this long to end it; then that is given up, and logged. */
const REVOKED_WITHIN_MS = 24 * 3600_000
/** Between two tries to end a grant at a provider that does not answer. */
const REVOKE_AGAIN_MS = 10 * 60_000

export type RescueOutcome = 'adopted' | 'superseded' | 'revoked' | 'contended'

/** Where a grant may be put: the connection's row, or the one in the tombstone of a connection that may be restored. */
interface Place {
  readonly row?: ConnectionRow
  readonly tombstone?: Tombstone
}

/**
 * Adopts a rescued grant when the connection still is what it was minted for and nothing has replaced it; lets it go
 * when something newer is there; and ends it at its provider when the connection is gone or another client's, where
 * that ends no other grant. One that was deleted and may be restored is treated as one that is there, unless its grant
 * was revoked with it. `contended`: the row changed meanwhile, or the operation it belongs to, or the deletion of
 * its connection, is not over, and the item stays for the next time. Idempotent.
 */
export async function settleRescue(ports: GrantPorts, rescue: Rescue): Promise<RescueOutcome> {
  // Asked before the row is read: an operation that is over by then has left its grant there, or never will.
  if (await isUnderWay(ports, rescue)) return 'contended'
  const place = await findPlace(ports, rescue)
  if (place === 'moved') return 'contended'
  const { row, tombstone } = place
  // It is what the row points at: whoever committed it did not get to take the rescue away.
  if (row?.grant?.access === rescue.grant.access) return end(ports, rescue, 'superseded', [])
  const removal = sealedRemoval(rescue, rescue.grant, row?.grant)
  const tokens = await findTokens(ports, rescue)
  if (tokens === undefined) return end(ports, rescue, 'superseded', removal)
  const isRevoked = Object.values(tombstone?.revocations ?? {}).includes('revoked')
  if (row === undefined || rescue.of === 'revoke' || isRevoked || !isItsOwn(rescue, row))
    return endUnwanted(ports, rescue, { tokens, removal })
  // Of one authorization the provider ends all tokens together.
  if (rescue.of === 'renewal' && isReplaced(rescue, row)) return end(ports, rescue, 'superseded', removal)
  if (rescue.of === 'first' && isReplaced(rescue, row)) return endUnwanted(ports, rescue, { tokens, removal })
  // Nobody knows yet whether the deletion ends the grant.
  if (tombstone?.state === 'deleting') return 'contended'
  return adopt(ports, rescue, { row, tombstone, tokens, removal })
}

/** `moved`: restored between the two looks. */
async function findPlace(ports: GrantPorts, { tenant, id }: Rescue): Promise<Place | 'moved'> {
  const row = await findConnection(ports, tenant, id)
  if (row !== undefined) return { row }
  const tombstone = await findTombstone(ports, tenant, id)
  if (tombstone === undefined) return (await findConnection(ports, tenant, id)) ? 'moved' : {}
  return tombstone.purge ? {} : { row: tombstone.row, tombstone }
}

/** Whether the row still is what the grant was minted for. */
function isItsOwn({ authorization, clientDigest }: Rescue, row: ConnectionRow): boolean {
  return row.clientDigest === clientDigest && row.authorization === authorization
}

/** Which of two grants is newer no clock can tell: what counts is whether the ones it replaces are still there. */
function isReplaced({ grants, replaces }: Rescue, row: ConnectionRow): boolean {
  return Object.keys(grants).some((name) => row.grants?.[name]?.mark !== replaces[name])
}

/**
 * Adopts what waits beside the row, if anything does: before a grant is called dead, and before its token is sent
 * once more. Answers whether the row has moved.
 */
export async function adoptWaiting(ports: GrantPorts, row: ConnectionRow): Promise<boolean> {
  let moved = false
  for (const rescue of await rescuesBeside(ports, row)) {
    if (rescue.of !== 'renewal' && rescue.of !== 'authorize') continue
    if ((await settleRescue(ports, rescue)) === 'adopted') moved = true
  }
  if (moved) ports.log.info('adopted a grant that waited to be rescued', { connection_id: row.id })
  return moved
}

/**
 * Nobody will use it: it is ended at its provider where that ends nothing else, and forgotten. One that was replaced is
 * ended again and again, with the setup that it was minted with, which is kept for that.
 */
async function endUnwanted(
  ports: GrantPorts,
  rescue: Rescue,
  { tokens, removal }: { tokens: TokensByName; removal: readonly Write[] },
): Promise<RescueOutcome> {
  const outcomes = Object.values(await revokeGrants(ports, rescue, tokens))
  const nowMs = ports.clock.nowMs()
  const isReplaced = rescue.of === 'revoke'
  if (isReplaced && outcomes.includes('failed') && nowMs < rescue.createdAtMs + REVOKED_WITHIN_MS) {
    await tryAgainAt(ports, rescue, nowMs + REVOKE_AGAIN_MS)
    return 'contended'
  }
  const outcome = outcomes.join(' ')
  ports.log.info('ended a grant that nobody uses', { connection_id: rescue.id, outcome })
  // The version of the setup that it pinned is let go by the daily comparison: this function removes no secret.
  return end(ports, rescue, isReplaced || outcomes.includes('revoked') ? 'revoked' : 'superseded', removal)
}

/** The item as it is stored, or undefined once it is settled. */
export async function findRescue(
  ports: Pick<GrantPorts, 'items'>,
  { tenant, id, op }: { tenant: string; id: string; op: string },
): Promise<Rescue | undefined> {
  return RESCUE_ROWS.find(await ports.items.get(rescueKey(tenant, id, op)))
}

async function adopt(
  ports: GrantPorts,
  rescue: Rescue,
  seen: {
    row: ConnectionRow
    tombstone: Tombstone | undefined
    tokens: TokensByName
    removal: readonly Write[]
  },
): Promise<RescueOutcome> {
  const { row, tokens, tombstone } = seen
  const held = mintedConnection({ ...row, ...rescue.members })
  if (held === undefined) return end(ports, rescue, 'superseded', seen.removal)
  const found = await wholeGrant(ports, rescue, { row, tokens })
  if (found === undefined) return 'contended'
  const { writes, ...whole } = found
  const changeOf = (current: ConnectionRow): HeldChange => ({
    ...grantChange(ports, current, held.setup, { ...rescue, ...whole }),
    beside: [...writes, rescueRemoval(rescue, { isThere: true })],
  })
  const isCommitted =
    tombstone === undefined
      ? (await commitHeld(ports, row, changeOf)) !== undefined
      : await commitToTombstone(ports, tombstone, { ...changeOf(row), isAskedFor: rescue.of === 'renewal' })
  if (!isCommitted) return 'contended'
  await removeQuietly(ports, [
    ...sealedRemoval(row, row.grant, whole.grant),
    ...(whole.grant.access === rescue.grant.access ? [] : seen.removal),
  ])
  return 'adopted'
}

/**
 * Puts a grant into the row of a deleted connection; false when that has moved on. `isAskedFor`: the provider was asked
 * to end its authorization when the connection was deleted. For another one the deletion goes on where it asks that.
 */
async function commitToTombstone(
  ports: GrantPorts,
  { revocations, ...tombstone }: Tombstone,
  { beside = [], isAskedFor, members }: HeldChange & { isAskedFor: boolean },
): Promise<boolean> {
  const next = { ...tombstone, row: { ...tombstone.row, ...members }, op: newUuid(ports.random) }
  const when = unchangedTombstone(tombstone)
  const put = isAskedFor
    ? putTombstone({ ...next, ...defined({ revocations }) }, next.deletedAtMs + RESTORABLE_MS, when)
    : putTombstone({ ...next, state: 'deleting' }, ports.clock.nowMs(), when)
  return tryTransact(ports.items, put, ...beside)
}

/**
 * What the row will point at: the rescued items themselves, or, where another grant of the bundle may have been
 * renewed meanwhile, new ones that take over only what was rescued. Undefined where the row has moved on since it was
 * read, and its items with it.
 */
async function wholeGrant(
  ports: GrantPorts,
  rescue: Rescue,
  { row, tokens }: { row: ConnectionRow; tokens: TokensByName },
): Promise<(Pick<Rescue, 'grant' | 'grants'> & { readonly writes: readonly Write[] }) | undefined> {
  const isWhole = Object.keys(row.grants ?? {}).every((name) => Object.hasOwn(rescue.grants, name))
  if (isWhole || row.grant === undefined) return { grant: rescue.grant, grants: rescue.grants, writes: [] }
  const [current, seals] = await Promise.all([findCurrentTokens(ports, row), prepareSeals(ports, row)])
  if (current === undefined || current === 'missing') return undefined
  const rescued = Object.fromEntries(Object.keys(rescue.grants).map((name) => [name, tokens[name]!]))
  const merged = { ...current, ...rescued }
  const { pointer: grant, writes } = seals.seal(merged, { pointer: row.grant, tokens: current })
  return { grant, grants: { ...row.grants, ...rescue.grants }, writes }
}

/** Puts a rescue off. One that is gone by now has been settled by somebody else, and stays gone. */
async function tryAgainAt(ports: GrantPorts, rescue: Rescue, dueAtMs: number): Promise<void> {
  const key = rescueKey(rescue.tenant, rescue.id, rescue.op)
  const set = { due_at: dueAtMs, due_shard: workShard(rescue.id) }
  await tryTransact(ports.items, { op: 'update', key, set, when: [{ kind: 'item-present' }] })
}

/** Whether the operation that a first grant belongs to may still commit. */
async function isUnderWay(ports: GrantPorts, { of, tenant, op }: Rescue): Promise<boolean> {
  if (of !== 'first') return false
  const intent = await ports.items.get(intentKey(tenant, op))
  return intent !== undefined && intent['undoneAtMs'] === undefined
}

async function end(
  ports: GrantPorts,
  rescue: Rescue,
  outcome: RescueOutcome,
  removal: readonly Write[],
): Promise<RescueOutcome> {
  await ports.items.transact([...removal, rescueRemoval(rescue)])
  return outcome
}

async function findTokens(ports: GrantPorts, rescue: Rescue): Promise<TokensByName | undefined> {
  try {
    return await openTokens(ports, rescue, rescue.grant)
  } catch (error) {
    if (error instanceof SecretNotFoundError) return undefined
    throw error
  }
}
