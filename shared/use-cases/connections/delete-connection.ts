import type { ConnectionRow } from '../../domain/connection.ts'
import { newUuid } from '../../domain/ids.ts'
import { connectionKey, tombstoneKey } from '../../domain/keys.ts'
import { checkIfMatch } from '../../domain/preconditions.ts'
import { sealedGrantsPartition } from '../../domain/sealed-keys.ts'
import { errorFields } from '../../ports/error-fields.ts'
import type { GrantRunner } from '../../ports/grant-runner.ts'
import { type Condition, ConditionFailedError, type Write } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { tryTransact } from '../../ports/try-transact.ts'
import type { Tombstone } from '../../rows/tombstone-row.ts'
import {
  connectionBusy,
  connectionNotFound,
  eventWrite,
  findConnection,
  isEventStored,
  nextRow,
  unchangedSince,
} from '../commit/connection-rows.ts'
import { rescuesBeside } from '../commit/rescue-item.ts'
import { revokeStored, storedSetupOf } from '../commit/stored-setup.ts'
import {
  DELETE_DEADLINE_MS,
  findTombstone,
  putTombstone,
  RESTORABLE_MS,
  unchangedTombstone,
} from '../commit/tombstones.ts'
import { transactSurely } from '../commit/transact-surely.ts'
import { countWrite } from './connection-cap.ts'

const MAX_DELETE_TRIES = 6
/** Sealed items in one transaction: each is 90 KB at most, and DynamoDB limits the items of one to 4 MB. */
const REMOVED_TOGETHER = 40

export interface DeletePorts extends Ports {
  readonly grants: GrantRunner
}

export interface DeleteConnectionInput {
  readonly tenant: string
  readonly id: string
  readonly ifMatch?: string
  /** Destroy the secret at once, without the days in which it could be restored. */
  readonly purge: boolean
}

/**
 * Deletes a connection: from the commit on it answers 404 everywhere. What must follow (revocation, the secret's
 * own deletion) is tried at once and otherwise finished by reconcile; a delete is never undone.
 * Throws `not-found`, `precondition-failed`, `conflict`, `store-unavailable`.
 */
export async function deleteConnection(ports: DeletePorts, input: DeleteConnectionInput): Promise<void> {
  const tombstone = await replaceRowByTombstone(ports, input)
  try {
    await finishDeletion(ports, tombstone)
  } catch (error) {
    ports.log.warn('left a deletion to reconcile', {
      connection_id: input.id,
      ...errorFields(error),
    })
  }
}

async function replaceRowByTombstone(ports: DeletePorts, input: DeleteConnectionInput): Promise<Tombstone> {
  for (let tries = 0; tries < MAX_DELETE_TRIES; tries++) {
    const row = await findConnection(ports, input.tenant, input.id)
    if (row !== undefined) checkIfMatch(row, input.ifMatch)
    try {
      return row === undefined
        ? await purgeableTombstone(ports, input)
        : await commitDeletion(ports, row, input.purge)
    } catch (error) {
      if (!(error instanceof ConditionFailedError)) throw error
    }
  }
  throw connectionBusy()
}

async function commitDeletion(ports: Ports, row: ConnectionRow, purge: boolean): Promise<Tombstone> {
  const nowMs = ports.clock.nowMs()
  const next = nextRow(ports, row, {}, nowMs)
  const tombstone: Tombstone = { state: 'deleting', row: next, deletedAtMs: nowMs, purge, op: next.op }
  const event = {
    type: 'connection.deleted',
    changed: [],
    nowMs,
    id: newUuid(ports.random),
    actor: ports.actor,
  } as const
  await transactSurely(
    ports,
    [
      { op: 'delete', key: connectionKey(row.tenant, row.id), when: unchangedSince(row) },
      putTombstone(tombstone, nowMs + DELETE_DEADLINE_MS),
      eventWrite(next, event),
      countWrite(row, -1),
    ],
    () => isEventStored(ports, next, event.id),
  )
  return tombstone
}

/** A second delete finds no row; with `purge` it still destroys what waits in the recovery window. */
async function purgeableTombstone(ports: Ports, input: DeleteConnectionInput): Promise<Tombstone> {
  const tombstone = input.purge ? await findTombstone(ports, input.tenant, input.id) : undefined
  if (tombstone === undefined) throw connectionNotFound()
  const purging: Tombstone = { ...tombstone, state: 'deleting', purge: true, op: newUuid(ports.random) }
  await transactSurely(
    ports,
    // A restore that came first has taken the tombstone away, and then the secret is in use again.
    [putTombstone(purging, ports.clock.nowMs() + DELETE_DEADLINE_MS, unchangedTombstone(tombstone))],
    async () => (await findTombstone(ports, input.tenant, input.id))?.op === purging.op,
  )
  return purging
}

/**
 * What follows a committed delete, each step idempotent: the grants are revoked upstream; the secret is scheduled
 * for deletion, or destroyed; then the tombstone says so, or is removed.
 */
export async function finishDeletion(ports: DeletePorts, tombstone: Tombstone): Promise<void> {
  const { row } = tombstone
  const revocations = tombstone.revocations ?? (await revokeGrantsOf(ports, row))
  const waiting = await rescuesBeside(ports, row)
  // Grants of clients before, which their provider has yet to end, need a version of the same secret perhaps: it is
  // destroyed with the recovery window, and not locked up before.
  const isNeeded = waiting.some(({ of }) => of === 'revoke')
  if (tombstone.purge) {
    // Once more, for after that nothing can: at once is what was asked for.
    for (const rescue of waiting) await revokeStored(ports, rescue)
    if (row.secret !== undefined) await ports.secrets.purge(row.secret.secretId)
    await removeTokens(ports, row)
  } else if (row.secret !== undefined && !isNeeded) {
    await ports.secrets.scheduleDeletion(row.secret.secretId)
  }
  const key = tombstoneKey(row.tenant, row.id)
  const when: Condition[] = unchangedTombstone(tombstone)
  const finished: Write = tombstone.purge
    ? { op: 'delete', key, when }
    : putTombstone(
        { ...tombstone, state: 'deleted', revocations },
        tombstone.deletedAtMs + RESTORABLE_MS,
        when,
      )
  if (!(await tryTransact(ports.items, finished))) await giveSecretBack(ports, row)
}

/** All that is sealed of the connection, what a rotation left behind included. */
async function removeTokens(ports: Ports, { tenant, id }: ConnectionRow): Promise<void> {
  for (const part of ['access', 'refresh'] as const) {
    const partition = sealedGrantsPartition(tenant, id, part)
    for (;;) {
      const { items } = await ports.items.query({ partition, limit: REMOVED_TOGETHER })
      if (items.length === 0) break
      await ports.items.transact(items.map(({ key }) => ({ op: 'delete', key })))
    }
  }
}

/**
 * Whoever finishes a deletion late may find it finished, and the connection restored meanwhile: then the secret
 * just scheduled for deletion is in use again. (A purge that took it over finishes it in its own way.)
 */
async function giveSecretBack(ports: Ports, { tenant, id, secret }: ConnectionRow): Promise<void> {
  const current = await findConnection(ports, tenant, id)
  if (current?.secret === undefined || current.secret.secretId !== secret?.secretId) return
  await ports.secrets.restore(secret.secretId)
}

/** A deleted connection's grants are revoked upstream, best effort, and the answers kept with the tombstone. */
async function revokeGrantsOf(ports: DeletePorts, row: ConnectionRow): Promise<Record<string, string>> {
  const stored = row.grants === undefined ? undefined : storedSetupOf(row)
  return stored === undefined ? {} : revokeStored(ports, stored)
}

/**
 * Ends the recovery window of a deleted connection. It is marked first, so that a restore that comes at the same
 * time either wins before the secret is destroyed or finds nothing.
 */
export async function removeTombstone(ports: DeletePorts, tombstone: Tombstone): Promise<void> {
  const removing: Tombstone = { ...tombstone, state: 'deleting', purge: true, op: newUuid(ports.random) }
  const dueAtMs = ports.clock.nowMs() + DELETE_DEADLINE_MS
  const isOurs = await tryTransact(
    ports.items,
    putTombstone(removing, dueAtMs, unchangedTombstone(tombstone)),
  )
  if (isOurs) await finishDeletion(ports, removing)
}
