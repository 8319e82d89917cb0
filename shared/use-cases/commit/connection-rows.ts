import { createHash } from 'node:crypto'
import {
  actorOf,
  type ChangeEvent,
  type ChangeEventType,
  type EventActor,
  eventExpiryS,
  type VaultEvent,
} from '../../domain/change-event.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import { InvariantError, VaultError } from '../../domain/errors.ts'
import { newUuid } from '../../domain/ids.ts'
import { connectionKey, eventKey, outboxShard } from '../../domain/keys.ts'
import { isSecretIdOf } from '../../domain/secret-id.ts'
import { type Attributes, type Condition, sameAs, type Write } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { CONNECTION_ROWS } from '../../rows/connection-row.ts'
import { EVENT_ROWS } from '../../rows/event-row.ts'

/**
 * The row, or undefined; another tenant's id is as unknown as any. A seal is bound to the secret's name and the
 * name to its owner, so a row that was moved here, or points at another's secret, is refused (`InvariantError`)
 * before anything is opened for it.
 */
export async function findConnection(
  ports: Pick<Ports, 'items'>,
  tenant: string,
  id: string,
): Promise<ConnectionRow | undefined> {
  const row = CONNECTION_ROWS.find(await ports.items.get(connectionKey(tenant, id)))
  if (row === undefined || isOwnRow(row, tenant, id)) return row
  throw new InvariantError('a connection row is not its own, or points at a secret of another')
}

function isOwnRow(row: ConnectionRow, tenant: string, id: string): boolean {
  if (row.tenant !== tenant || row.id !== id) return false
  return (
    row.secret === undefined || isSecretIdOf({ tenant, ownerId: id, kinds: ['s', 'm'] }, row.secret.secretId)
  )
}

/** The row; throws `not-found` with Auth0's text when there is none. */
export async function getConnection(
  ports: Pick<Ports, 'items'>,
  tenant: string,
  id: string,
): Promise<ConnectionRow> {
  const row = await findConnection(ports, tenant, id)
  if (row === undefined) throw connectionNotFound()
  return row
}

/** Auth0's 404. */
export function connectionNotFound(): VaultError {
  return new VaultError('not-found', 'Connection not found')
}

/** The 409 of a change of a connection that keeps meeting others; nothing was changed. */
export function connectionBusy(cause?: unknown): VaultError {
  return new VaultError(
    'conflict',
    'The connection is being changed by others; nothing was changed. Try again.',
    { retryAfterSeconds: 1, cause },
  )
}

/**
 * 32 hex characters that change with the name and the setup and with nothing else, so that a drift check by
 * fingerprint is not disturbed by rotation. The setup digest inside is keyed already.
 */
export function fingerprintOf(parts: { id: string; name: string; setupDigest: string | undefined }): string {
  const text = JSON.stringify([parts.id, parts.name, parts.setupDigest ?? null])
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}

/** The outbox write of a change: numbered by the row it belongs to, in the due index until it is published. */
export function eventWrite(
  row: ConnectionRow,
  event: {
    type: ChangeEventType
    changed: readonly string[]
    nowMs: number
    id: string
    actor?: EventActor | undefined
  },
): Write {
  const body: ChangeEvent = {
    id: event.id,
    type: event.type,
    tenant: row.tenant,
    connection_id: row.id,
    app_id: row.appId,
    version: row.version,
    credential_version: row.credentialVersion,
    sequence: row.sequence,
    occurred_at: new Date(event.nowMs).toISOString(),
    changed: event.changed,
    ...actorOf(event),
  }
  const write = outboxWrite(body, { ownerId: row.id, sequence: row.sequence, nowMs: event.nowMs })
  return { ...write, when: [{ kind: 'item-absent' }] }
}

/** The write that puts an event into the outbox, and into the due index until it is published. */
export function outboxWrite(
  event: VaultEvent,
  { ownerId, sequence, nowMs }: { ownerId: string; sequence: number; nowMs: number },
): Extract<Write, { op: 'put' }> {
  return {
    op: 'put',
    key: eventKey(event.tenant, ownerId, sequence),
    attributes: {
      ...EVENT_ROWS.encode(event),
      kind: 'outbox',
      expires_at_s: eventExpiryS(nowMs),
      due_shard: outboxShard(ownerId),
      due_at: nowMs,
    },
  }
}

/**
 * Whether the change that wrote this event is committed: the surest sign, since the row itself may have been
 * changed again, or deleted, by then.
 */
export async function isEventStored(
  ports: Pick<Ports, 'items'>,
  row: ConnectionRow,
  eventId: string,
): Promise<boolean> {
  return (await ports.items.get(eventKey(row.tenant, row.id, row.sequence)))?.['id'] === eventId
}

/**
 * The conditions under which `next` may replace `seen`: nobody made a visible change, committed an attempt or moved
 * the pointer since it was read. `op` alone moves where a commit of unknown outcome was settled.
 */
export function unchangedSince(seen: ConnectionRow): Condition[] {
  return [
    sameAs('op', seen.op),
    sameAs('version', seen.version),
    sameAs('sequence', seen.sequence),
    sameAs('secret.versionId', seen.secret?.versionId),
  ]
}

/**
 * The write that turns `seen` into `next` by the members that differ, so that an attempt taken meanwhile survives
 * a rename. A member that `next` names as undefined goes, also when `seen` did not have it yet.
 */
export function rowChange(seen: ConnectionRow, next: ConnectionRow, when: readonly Condition[]): Write {
  const before = CONNECTION_ROWS.encode(seen)
  const after = CONNECTION_ROWS.encode(next)
  const set: Record<string, Attributes[string]> = {}
  const remove: string[] = []
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (after[name] === undefined) remove.push(name)
    else if (after[name] !== before[name]) set[name] = after[name]
  }
  // The index takes its two attributes together or not at all; the shard of a row never changes.
  if (set['due_at'] !== undefined) set['due_shard'] = after['due_shard']
  return { op: 'update', key: connectionKey(seen.tenant, seen.id), set, remove, when }
}

/** The row after a visible change: version and sequence rise, the change is dated and signed with a new op. */
export function nextRow(
  ports: Pick<Ports, 'random' | 'actor'>,
  row: ConnectionRow,
  members: Partial<ConnectionRow>,
  nowMs: number,
): ConnectionRow {
  return {
    ...row,
    ...members,
    version: row.version + 1,
    sequence: row.sequence + 1,
    updatedAtMs: Math.max(nowMs, row.updatedAtMs),
    // What the vault does by itself leaves the last person standing there.
    ...(ports.actor === undefined ? {} : { updatedBy: ports.actor }),
    op: newUuid(ports.random),
  }
}
