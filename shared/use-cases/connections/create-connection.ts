import { findConnector } from '../../connectors/catalogue.ts'
import { canonicalJson } from '../../domain/canonical-json.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import { VaultError } from '../../domain/errors.ts'
import { newId, newUuid } from '../../domain/ids.ts'
import type { JsonValue } from '../../domain/json.ts'
import { connectionKey, eventKey } from '../../domain/keys.ts'
import { SecretText } from '../../domain/secret-text.ts'
import { ConditionFailedError, type Write } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import type { Intent } from '../../rows/intent-row.ts'
import { commitOnce, commitSecret, type Staging } from '../commit/commit-protocol.ts'
import { attributesOf, eventWrite, fingerprintOf } from '../commit/connection-rows.ts'
import { ASKING_DEADLINE_MS, INTENT_DEADLINE_MS } from '../commit/intent.ts'
import { sealableContent } from '../commit/secret-content.ts'
import { firstPlace, kindOfSetup } from '../commit/secret-place.ts'
import { settleCreation } from '../commit/settle-commit.ts'
import { transactSurely } from '../commit/transact-surely.ts'
import {
  type AcceptedSetup,
  acceptSetup,
  rowMembersOf,
  type ValidAcceptedSetup,
} from '../grants/accept-setup.ts'
import type { AddressPorts } from '../oauth-applications/shared-setup-of.ts'
import { type CapPorts, countWrite, requireRoom } from './connection-cap.ts'
import { asksProvider, type FirstGrantPorts, firstGrant, nothingToVerify } from './first-grant.ts'
import {
  claimAndCompleteWrite,
  claimWrite,
  completeWrite,
  findReplay,
  type IdempotentRequest,
  isKeyKnown,
  replayPatiently,
  sortOfIdempotencyKey,
} from './idempotency.ts'
import {
  type AcceptedImport,
  acceptImport,
  comparableGrant,
  type GrantInput,
  importGrant,
  refuseClaimed,
} from './import-grant.ts'
import { type CredentialEndInput, credentialEndMembers, saysEnd } from './set-credential-end.ts'

export interface CreateConnectionInput extends CredentialEndInput {
  readonly tenant: string
  readonly clientId: string
  readonly name: string
  readonly appId: string
  readonly setup?: JsonValue
  readonly idempotencyKey?: string
  /** A grant that another system got, to go on with: nobody has to authorize again. */
  readonly grant?: GrantInput
  /** Fail with the provider's refusal instead of storing what does not work. */
  readonly verify?: boolean
}

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
  const nowMs = ports.clock.nowMs()
  const prepared = await prepare(ports, input, { nowMs, looksBack: input.grant !== undefined })
  if ('replayed' in prepared) return { row: prepared.replayed, replayed: true }
  const { accepted, idempotent, imported } = prepared
  const row = newRow(ports, input, accepted, nowMs)
  try {
    const created =
      accepted === undefined
        ? await createAtOnce(ports, row, { idempotent, beside: [] })
        : await createWithSetup(ports, row, { accepted, idempotent, imported, verify: input.verify === true })
    return { row: created, replayed: false }
  } catch (error) {
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

/** Checks what a create checks before it stores anything, and throws alike; its setup, where it has one. */
export async function checkCreation(
  ports: Ports & AddressPorts & CapPorts,
  input: CreateConnectionInput,
): Promise<AcceptedSetup | undefined> {
  const prepared = await prepare(ports, input, { nowMs: ports.clock.nowMs(), looksBack: true })
  return 'accepted' in prepared ? prepared.accepted : undefined
}

/** All that is checked before anything is stored; or the row that the same Idempotency-Key made, of an import. */
async function prepare(
  ports: Ports & AddressPorts & CapPorts,
  input: CreateConnectionInput,
  { nowMs, looksBack }: { nowMs: number; looksBack: boolean },
): Promise<
  | (Pick<CreationPlan, 'idempotent' | 'imported'> & { readonly accepted: ValidAcceptedSetup | undefined })
  | { readonly replayed: ConnectionRow }
> {
  const connector = findConnector(input.appId)
  if (connector === undefined)
    throw new VaultError('invalid-body', `No enum match for: ${input.appId}`, { field: 'app_id' })
  const accepted =
    input.setup === undefined
      ? undefined
      : await acceptSetup(ports, { tenant: input.tenant, connector }, input.setup)
  if (input.verify === true && accepted === undefined) throw nothingToVerify('There is no setup to verify')
  if (input.verify === true && input.grant !== undefined) {
    throw nothingToVerify('An import asks for no token; verify the connection when it is there')
  }
  const idempotent = await idempotentRequest(ports, input)
  // A repeated import is answered with what the first one made, before its grant is found to be there.
  const replayed = looksBack ? await findReplay(ports, idempotent, nowMs) : undefined
  if (replayed !== undefined) return { replayed }
  const imported =
    input.grant === undefined ? undefined : await acceptImport(ports, input, input.grant, accepted)
  // A create that is repeated is answered as it was, which makes no more of them.
  const isRepeated = async () => idempotent !== undefined && (await isKeyKnown(ports, idempotent))
  await requireRoom(ports, input.tenant, isRepeated)
  return { accepted, idempotent, imported }
}

function newRow(
  ports: Ports,
  input: CreateConnectionInput,
  accepted: AcceptedSetup | undefined,
  nowMs: number,
): ConnectionRow {
  const id = newId('ac_', { nowMs, random: ports.random })
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
    ...(accepted === undefined ? {} : { refreshedAtMs: nowMs, ...rowMembersOf(accepted) }),
    ...(saysEnd(input) ? credentialEndMembers(id, { setup: accepted?.setup, before: {}, input, nowMs }) : {}),
  }
}

function creationWrites(ports: Pick<Ports, 'actor'>, row: ConnectionRow, eventId: string): Write[] {
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
      attributes: attributesOf(row),
      when: [{ kind: 'item-absent' }],
    },
    eventWrite(row, event),
    countWrite(row, 1),
  ]
}

/** One transaction makes all of it; its own mark undoes it when nobody can say whether it was applied. */
async function createAtOnce(
  ports: Ports,
  row: ConnectionRow,
  { idempotent, beside }: { idempotent: IdempotentRequest | undefined; beside: readonly Write[] },
): Promise<ConnectionRow> {
  const eventId = newUuid(ports.random)
  const [put, ...others] = creationWrites(ports, row, eventId)
  const claim =
    idempotent === undefined ? [] : [claimAndCompleteWrite(idempotent, row.op, row, row.createdAtMs)]
  await transactSurely(ports, [put!, ...claim, ...others, ...beside], () =>
    // The event outlives the row, which others may have deleted by now, and no list shows a mark in its place.
    settleCreation(ports, eventKey(row.tenant, row.id, row.sequence)),
  )
  return row
}

interface CreationPlan {
  readonly accepted: ValidAcceptedSetup
  readonly idempotent: IdempotentRequest | undefined
  readonly imported: AcceptedImport | undefined
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
  const { accepted, idempotent, imported } = plan
  const place = firstPlace(ports, row, kindOfSetup(accepted.setup))
  const intent = intentOf(row, plan, place.secretId)
  let created = row
  await commitSecret(ports, {
    intent,
    place,
    besideIntent: idempotent === undefined ? [] : [claimWrite(idempotent, intent, row.createdAtMs)],
    value: sealableContent({ setup: accepted.values }),
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
      if (!begun) return void (await createAtOnce(ports, created, { idempotent, beside }))
      const complete =
        idempotent === undefined ? [] : [completeWrite(idempotent, row.op, created, row.createdAtMs)]
      const writes = [
        ...beside,
        ...creationWrites(ports, created, newUuid(ports.random)),
        ...complete,
        ...first.beside,
      ]
      try {
        await commitOnce(ports, writes)
      } catch (error) {
        if (imported !== undefined) await refuseClaimed(ports, row.tenant, imported)
        throw error
      }
    },
  })
  return created
}

async function idempotentRequest(
  ports: Ports,
  input: CreateConnectionInput,
): Promise<IdempotentRequest | undefined> {
  if (input.idempotencyKey === undefined) return undefined
  const body = canonicalJson({
    name: input.name,
    app_id: input.appId,
    setup: input.setup,
    // Undefined members are no part of it, so that a body of before has the digest of before.
    credential_expires_at: input.credentialExpiresAtMs,
    enforce_expiry: input.enforceExpiry,
    grant: comparableGrant(input.grant),
  })
  return {
    tenant: input.tenant,
    sort: sortOfIdempotencyKey(input.clientId, input.idempotencyKey),
    bodyDigest: await ports.digester.digest('idempotent-body', new SecretText(body)),
  }
}
