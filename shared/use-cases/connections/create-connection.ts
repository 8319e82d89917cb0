import type { ConnectionRow } from '../../domain/connection.ts'
import { newId, newUuid } from '../../domain/ids.ts'
import { connectionKey, eventKey } from '../../domain/keys.ts'
import { ConditionFailedError, type Write } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { CONNECTION_ROWS } from '../../rows/connection-row.ts'
import type { Intent } from '../../rows/intent-row.ts'
import { commitOnce, commitSecret, type Staging } from '../commit/commit-protocol.ts'
import { eventWrite, fingerprintOf } from '../commit/connection-rows.ts'
import { ASKING_DEADLINE_MS, INTENT_DEADLINE_MS } from '../commit/intent.ts'
import { sealableSetup } from '../commit/sealable-setup.ts'
import { firstPlace, kindOfSetup } from '../commit/secret-place.ts'
import { settleCreation } from '../commit/settle-commit.ts'
import { transactSurely } from '../commit/transact-surely.ts'
import { type AcceptedSetup, rowMembersOf, type ValidAcceptedSetup } from './accept-setup.ts'
import {
  type CapPorts,
  countOneMore,
  drawWithRoom,
  type Room,
  RoomTakenError,
  roomOf,
  roomTaken,
} from './connection-cap.ts'
import { asksProvider, type FirstGrantPorts, firstGrant } from './first-grant.ts'
import {
  claimAndCompleteWrite,
  claimWrite,
  completeWrite,
  type IdempotentRequest,
  replayPatiently,
} from './idempotency.ts'
import { importGrant, refuseClaimed } from './import-grant.ts'
import { type CreateConnectionInput, type PreparedCreation, prepareCreation } from './prepare-creation.ts'
import { credentialEndMembers, saysEnd } from './set-credential-end.ts'

/** Each time it is made anew somebody else has taken the last room of a counter. */
const MAX_TRIES = 10
/** A position in the transaction that claims the Idempotency-Key, by which a refusal is recognized. */
const CLAIM_INDEX = 1

/**
 * Creates a connection and answers its row; `replayed` when the same Idempotency-Key made it before.
 * Throws `invalid-body`, `conflict` (too many), `idempotency-mismatch`, `idempotency-in-progress`, `store-unavailable`;
 * whatever it throws, nothing is stored.
 */
export async function createConnection(
  ports: FirstGrantPorts & CapPorts,
  input: CreateConnectionInput,
): Promise<{ row: ConnectionRow; replayed: boolean }> {
  for (let tries = 1; ; tries++) {
    try {
      return await createWhereRoomIs(ports, input, { isLast: tries === MAX_TRIES })
    } catch (error) {
      if (!(error instanceof RoomTakenError)) throw error
    }
  }
}

/** Throws `RoomTakenError` when it may be made anew in another counter: no provider was asked. */
async function createWhereRoomIs(
  ports: FirstGrantPorts & CapPorts,
  input: CreateConnectionInput,
  { isLast }: { isLast: boolean },
): Promise<{ row: ConnectionRow; replayed: boolean }> {
  const nowMs = ports.clock.nowMs()
  const prepared = await prepareCreation(ports, input, { nowMs, looksBack: input.grant !== undefined })
  if ('replayed' in prepared) return { row: prepared.replayed, replayed: true }
  const { accepted, idempotent, imported, room } = prepared
  const row = newRow(ports, input, prepared, nowMs)
  const verify = input.verify === true
  try {
    const created =
      accepted === undefined
        ? await createAtOnce(ports, row, { idempotent, beside: [], room })
        : await createWithSetup(ports, row, { accepted, idempotent, imported, verify, room })
    return { row: created, replayed: false }
  } catch (error) {
    const asked = accepted !== undefined && (imported !== undefined || asksProvider(accepted, { verify }))
    if (error instanceof RoomTakenError && (asked || isLast)) throw roomTaken()
    if (
      idempotent !== undefined &&
      error instanceof ConditionFailedError &&
      error.writeIndex === CLAIM_INDEX
    ) {
      const waits = accepted?.codeDigest !== undefined
      return { row: await replayPatiently(ports, idempotent, { seen: error.current, waits }), replayed: true }
    }
    throw error
  }
}

function newRow(
  ports: Ports,
  input: CreateConnectionInput,
  { accepted, room }: { accepted: AcceptedSetup | undefined; room: Room | undefined },
  nowMs: number,
): ConnectionRow {
  const id = drawWithRoom(room, () => newId('ac_', { nowMs, random: ports.random }))
  return {
    tenant: input.tenant,
    id,
    name: input.name,
    appId: input.appId,
    fingerprint: fingerprintOf({ id, name: input.name, setupDigest: accepted?.digests.setupDigest }),
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    ...(ports.actor === undefined ? {} : { createdBy: ports.actor, updatedBy: ports.actor }),
    version: 1,
    credentialVersion: accepted === undefined ? 0 : 1,
    sequence: 1,
    generations: accepted === undefined ? 0 : 1,
    status: 'empty',
    fence: 0,
    op: newUuid(ports.random),
    ...(accepted === undefined ? {} : { refreshedAtMs: nowMs, ...rowMembersOf(accepted, { nowMs }) }),
    ...(saysEnd(input) ? credentialEndMembers(id, { setup: accepted?.setup, before: {}, input, nowMs }) : {}),
  }
}

function creationWrites(
  ports: Pick<Ports, 'actor'>,
  row: ConnectionRow,
  { eventId, room }: { eventId: string; room: Room | undefined },
): Write[] {
  const event = {
    type: 'connection.created',
    changed: [],
    nowMs: row.createdAtMs,
    id: eventId,
    actor: ports.actor,
  } as const
  return [
    {
      op: 'put',
      key: connectionKey(row.tenant, row.id),
      attributes: CONNECTION_ROWS.encode(row),
      when: [{ kind: 'item-absent' }],
    },
    eventWrite(row, event),
    countOneMore(row, room),
  ]
}

/** One transaction makes all of it; its own mark undoes it when nobody can say whether it was applied. */
async function createAtOnce(
  ports: Ports,
  row: ConnectionRow,
  {
    idempotent,
    beside,
    room,
  }: { idempotent: IdempotentRequest | undefined; beside: readonly Write[]; room: Room | undefined },
): Promise<ConnectionRow> {
  const eventId = newUuid(ports.random)
  const [put, ...others] = creationWrites(ports, row, { eventId, room })
  const claim = idempotent === undefined ? [] : [claimAndCompleteWrite(idempotent, row)]
  const writes = [put!, ...claim, ...others, ...beside]
  try {
    await transactSurely(ports, writes, () =>
      // The event outlives the row, which others may have deleted by now, and no list shows a mark in its place.
      settleCreation(ports, eventKey(row.tenant, row.id, row.sequence)),
    )
  } catch (error) {
    throw roomOf(error, writes, row.tenant)
  }
  return row
}

interface CreationPlan extends PreparedCreation {
  readonly accepted: ValidAcceptedSetup
  readonly verify: boolean
}

function intentOf(
  row: ConnectionRow,
  { accepted, idempotent, imported, verify }: CreationPlan,
  secretId: string,
): Intent {
  const isAsked = imported === undefined && asksProvider(accepted, { verify })
  return {
    kind: 'create',
    tenant: row.tenant,
    ownerId: row.id,
    op: row.op,
    secretId,
    newSecret: true,
    deadlineAtMs: row.createdAtMs + (isAsked ? ASKING_DEADLINE_MS : INTENT_DEADLINE_MS),
    ...(idempotent === undefined ? {} : { idempotencySort: idempotent.sort }),
    ...(imported === undefined ? {} : { sealedMark: imported.mark }),
  }
}

async function createWithSetup(
  ports: FirstGrantPorts,
  row: ConnectionRow,
  plan: CreationPlan,
): Promise<ConnectionRow> {
  const { accepted, idempotent, imported, room } = plan
  const place = firstPlace(ports, row, kindOfSetup(accepted.setup))
  const intent = intentOf(row, plan, place.secretId)
  let created = row
  await commitSecret(ports, {
    intent,
    place,
    besideIntent: idempotent === undefined ? [] : [claimWrite(idempotent, intent, row.createdAtMs)],
    value: sealableSetup(accepted.values),
    // A grant that is brought along is sealed before it is committed, under a mark that the intent names.
    seenFirst: imported !== undefined || asksProvider(accepted, plan),
    commit: async ({ pointer: setupVersion, beside, begun }: Staging) => {
      const stored = {
        tenant: row.tenant,
        id: row.id,
        appId: row.appId,
        setupType: accepted.setup.type,
        ...accepted.digests,
        authorization: row.op,
        secret: setupVersion,
        op: row.op,
      }
      const first =
        imported === undefined
          ? await firstGrant(ports, stored, accepted, { verify: plan.verify })
          : await importGrant(ports, stored, accepted, imported)
      created = { ...row, ...first.members, secret: setupVersion, authorization: row.op }
      if (!begun) return void (await createAtOnce(ports, created, { idempotent, beside, room }))
      const complete = idempotent === undefined ? [] : [completeWrite(idempotent, created)]
      const writes = [
        ...beside,
        ...creationWrites(ports, created, { eventId: newUuid(ports.random), room }),
        ...complete,
        ...first.beside,
      ]
      try {
        await commitOnce(ports, writes)
      } catch (error) {
        if (imported !== undefined) await refuseClaimed(ports, row.tenant, imported)
        throw roomOf(error, writes, row.tenant)
      }
    },
  })
  return created
}
