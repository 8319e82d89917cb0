import type { ConnectionRow } from '../../domain/connection.ts'
import { VaultError } from '../../domain/errors.ts'
import { newUuid } from '../../domain/ids.ts'
import { connectionKey, tombstoneKey } from '../../domain/keys.ts'
import { ConditionFailedError, type Write } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { SecretNotFoundError } from '../../ports/secret-store.ts'
import { CONNECTION_ROWS } from '../../rows/connection-row.ts'
import type { Tombstone } from '../../rows/tombstone-row.ts'
import {
  connectionNotFound,
  eventWrite,
  findConnection,
  isEventStored,
  nextRow,
} from '../commit/connection-rows.ts'
import { findTombstone, RESTORABLE_MS } from '../commit/tombstones.ts'
import { transactSurely } from '../commit/transact-surely.ts'
import {
  type CapPorts,
  countOneBack,
  findRoom,
  type Room,
  RoomTakenError,
  roomOf,
  roomTaken,
} from './connection-cap.ts'

/**
 * Brings a deleted connection back with its id and setup, within the recovery window; a grant that was revoked
 * upstream comes back as `reauthorization_required`. Restoring what is there answers it unchanged.
 * Throws `not-found`, `conflict` (its deletion is still under way, or there are too many), `store-unavailable`.
 */
export async function restoreConnection(
  ports: Ports & CapPorts,
  input: { tenant: string; id: string },
): Promise<ConnectionRow> {
  const tombstone = await findTombstone(ports, input.tenant, input.id)
  const nowMs = ports.clock.nowMs()
  if (tombstone === undefined || tombstone.purge || tombstone.deletedAtMs + RESTORABLE_MS <= nowMs) {
    const present = await findConnection(ports, input.tenant, input.id)
    if (present !== undefined) return present
    throw connectionNotFound()
  }
  if (tombstone.state === 'deleting') {
    throw new VaultError('conflict', 'The connection is still being deleted. Try again in a minute.', {
      retryAfterSeconds: 60,
    })
  }
  const room = await findRoom(ports, input.tenant)
  await bringSecretBack(ports, tombstone)
  return commitRestoration(ports, tombstone, { nowMs, room })
}

async function bringSecretBack(ports: Ports, tombstone: Tombstone): Promise<void> {
  if (tombstone.row.secret === undefined) return
  try {
    await ports.secrets.restore(tombstone.row.secret.secretId)
  } catch (error) {
    if (error instanceof SecretNotFoundError) throw connectionNotFound()
    throw error
  }
}

async function commitRestoration(
  ports: Ports,
  tombstone: Tombstone,
  { nowMs, room }: { nowMs: number; room: Room | undefined },
): Promise<ConnectionRow> {
  const row = nextRow(ports, tombstone.row, membersAfterRestore(tombstone), nowMs)
  const event = {
    type: 'connection.created',
    changed: ['restored'],
    nowMs,
    actor: ports.actor,
    id: newUuid(ports.random),
  } as const
  const writes: Write[] = [
    {
      op: 'delete',
      key: tombstoneKey(row.tenant, row.id),
      when: [
        { kind: 'equals', attribute: 'op', value: tombstone.op },
        { kind: 'equals', attribute: 'state', value: 'deleted' },
      ],
    },
    {
      op: 'put',
      key: connectionKey(row.tenant, row.id),
      attributes: CONNECTION_ROWS.encode(row),
      when: [{ kind: 'item-absent' }],
    },
    eventWrite(row, event),
    ...countOneBack(row, room),
  ]
  try {
    await transactSurely(ports, writes, () => isEventStored(ports, row, event.id))
  } catch (error) {
    if (roomOf(error, writes, row.tenant) instanceof RoomTakenError) throw roomTaken()
    if (!(error instanceof ConditionFailedError)) throw error
    const present = await findConnection(ports, row.tenant, row.id)
    if (present === undefined) throw connectionNotFound()
    return present
  }
  return row
}

/** A grant whose revocation the provider confirmed is dead, whatever its expiry says. */
function membersAfterRestore(tombstone: Tombstone): Partial<ConnectionRow> {
  const revoked = Object.values(tombstone.revocations ?? {}).includes('revoked')
  if (!revoked) return {}
  return {
    status: 'reauthorization_required',
    statusReason: 'The grant was revoked when the connection was deleted. Authorize it again.',
    due_shard: undefined,
    due_at: undefined,
  }
}
