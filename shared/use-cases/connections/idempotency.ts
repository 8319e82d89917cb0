import { createHash } from 'node:crypto'
import type { ConnectionRow } from '../../domain/connection.ts'
import { VaultError } from '../../domain/errors.ts'
import { idempotencyKey, idempotencySort } from '../../domain/keys.ts'
import type { Attributes, Write } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { IDEMPOTENCY_ROWS, type IdempotencyRecord } from '../../rows/claim-rows.ts'
import { CONNECTION_ROWS } from '../../rows/connection-row.ts'
import type { Intent } from '../../rows/intent-row.ts'

/** How long an answer is remembered: draft-ietf-httpapi-idempotency-key-header-07 leaves it open, a day is usual. */
const REMEMBERED_MS = 24 * 3600 * 1000
/** Whoever comes while the first request runs is told to come again after this at the latest: few run for longer. */
const MAX_RETRY_AFTER_S = 60

/** A create that carries an Idempotency-Key; `bodyDigest` is keyed, because the body holds secrets. */
export interface IdempotentRequest {
  readonly tenant: string
  readonly sort: string
  readonly bodyDigest: string
}

/** The sort key of a client's Idempotency-Key header. */
export function sortOfIdempotencyKey(clientId: string, header: string): string {
  return idempotencySort(clientId, createHash('sha256').update(header).digest('hex'))
}

/** Whether the key may not be claimed anew, as the claim then judges it. Only spares work: what counts is the claim. */
export async function isKeyHeld(
  ports: Pick<Ports, 'items'>,
  request: IdempotentRequest,
  nowMs: number,
): Promise<boolean> {
  return (await findHeld(ports, request, nowMs)) !== undefined
}

/**
 * Claims the key for an operation until that is undone at its deadline; fails the transaction while another request
 * holds or has used it.
 */
export function claimWrite(
  request: IdempotentRequest,
  { op, deadlineAtMs }: Pick<Intent, 'op' | 'deadlineAtMs'>,
  nowMs: number,
): Write {
  return recordWrite(request, { op, state: 'in-progress', replaceableAtMs: deadlineAtMs, nowMs })
}

/** Remembers the created row, in the commit itself; fails it when another request has taken the key over. */
export function completeWrite(request: IdempotentRequest, row: ConnectionRow): Write {
  return {
    op: 'update',
    key: idempotencyKey(request.tenant, request.sort),
    set: IDEMPOTENCY_ROWS.members(outcomeOf(row)),
    when: [{ kind: 'equals', attribute: 'op', value: row.op }],
  }
}

/** Claim and completion in one, for creates that need a single transaction. */
export function claimAndCompleteWrite(request: IdempotentRequest, row: ConnectionRow): Write {
  return recordWrite(request, { op: row.op, ...outcomeOf(row), nowMs: row.createdAtMs })
}

function outcomeOf(row: ConnectionRow) {
  const replaceableAtMs = row.createdAtMs + REMEMBERED_MS
  return { state: 'done', replaceableAtMs, row: CONNECTION_ROWS.encode(row) } as const
}

function recordWrite(
  request: IdempotentRequest,
  { nowMs, ...record }: Omit<IdempotencyRecord, 'bodyDigest'> & { nowMs: number },
): Write {
  return {
    op: 'put',
    key: idempotencyKey(request.tenant, request.sort),
    attributes: {
      ...IDEMPOTENCY_ROWS.encode({ ...record, bodyDigest: request.bodyDigest }),
      expires_at_s: Math.ceil((nowMs + REMEMBERED_MS) / 1000),
    },
    when: [{ kind: 'absent-or-at-most', attribute: 'replaceableAtMs', value: nowMs }],
  }
}

/** The row that this key made before, looked up before anything is done; undefined when it is new. Throws as `replayOf`. */
export async function findReplay(
  ports: Pick<Ports, 'items'>,
  request: IdempotentRequest | undefined,
  nowMs: number,
): Promise<ConnectionRow | undefined> {
  if (request === undefined) return undefined
  const record = await findHeld(ports, request, nowMs)
  return record === undefined ? undefined : replayOf(request, record, nowMs)
}

/** The record of a key that the claim would not give away. */
async function findHeld(
  ports: Pick<Ports, 'items'>,
  request: IdempotentRequest,
  nowMs: number,
): Promise<IdempotencyRecord | undefined> {
  const record = await findRecord(ports, request)
  return record !== undefined && record.replaceableAtMs > nowMs ? record : undefined
}

async function findRecord(
  ports: Pick<Ports, 'items'>,
  { tenant, sort }: IdempotentRequest,
): Promise<IdempotencyRecord | undefined> {
  return IDEMPOTENCY_ROWS.find(await ports.items.get(idempotencyKey(tenant, sort)))
}

/** Whoever comes again while a code is being sent waits for so long: as long as a create waits for its grant. */
const WAIT_FOR_FIRST_MS = 5_000
const LOOK_EVERY_MS = 250

/**
 * What a refused claim means, by the record that was `seen`: the row created the first time, after a while of waiting
 * for the first request where one `waits`. Throws as `replayOf`.
 */
export async function replayPatiently(
  ports: Pick<Ports, 'items' | 'clock'>,
  request: IdempotentRequest,
  { seen, waits }: { seen: Attributes | undefined; waits: boolean },
): Promise<ConnectionRow> {
  const untilMs = ports.clock.monotonicMs() + (waits ? WAIT_FOR_FIRST_MS : 0)
  let record = IDEMPOTENCY_ROWS.find(seen)
  while (record?.state === 'in-progress' && record.bodyDigest === request.bodyDigest) {
    if (ports.clock.monotonicMs() >= untilMs) break
    await ports.clock.sleep(LOOK_EVERY_MS)
    record = await findRecord(ports, request)
  }
  return replayOf(request, record, ports.clock.nowMs())
}

/** Throws `idempotency-mismatch` (the key came with another body) or `idempotency-in-progress`. */
function replayOf(
  request: IdempotentRequest,
  record: IdempotencyRecord | undefined,
  nowMs: number,
): ConnectionRow {
  if (record !== undefined && record.bodyDigest !== request.bodyDigest) {
    throw new VaultError('idempotency-mismatch', 'This Idempotency-Key was used with another body.', {
      field: 'Idempotency-Key',
      allowed: 'a new key for a new request',
    })
  }
  const row = record?.state === 'done' ? CONNECTION_ROWS.find(record.row) : undefined
  if (row !== undefined) return row
  const waitMs = (record?.replaceableAtMs ?? nowMs) - nowMs
  throw new VaultError('idempotency-in-progress', 'A request with this Idempotency-Key is still running.', {
    field: 'Idempotency-Key',
    allowed: 'trying again when it has ended',
    retryAfterSeconds: Math.min(MAX_RETRY_AFTER_S, Math.max(1, Math.ceil(waitMs / 1000))),
  })
}
