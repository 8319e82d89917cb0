import { findConnector } from '../../connectors/catalogue.ts'
import type { ConnectionRow, SecretPointer } from '../../domain/connection.ts'
import { InvariantError, VaultError } from '../../domain/errors.ts'
import { newUuid } from '../../domain/ids.ts'
import type { JsonValue } from '../../domain/json.ts'
import type { StoredSetup } from '../../ports/grant-runner.ts'
import { ConditionFailedError } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { SecretNotFoundError } from '../../ports/secret-store.ts'
import { changeConnection } from '../commit/change-connection.ts'
import { commitSecret, type Staging } from '../commit/commit-protocol.ts'
import {
  connectionNotFound,
  findConnection,
  fingerprintOf,
  getConnection,
} from '../commit/connection-rows.ts'
import { INTENT_DEADLINE_MS, type Intent } from '../commit/intent.ts'
import { checkIfMatch } from '../commit/preconditions.ts'
import { sealableContent } from '../commit/secret-content.ts'
import { placeForSecret } from '../commit/secret-place.ts'
import { type AcceptedSetup, acceptSetup, rowMembersOf } from './accept-setup.ts'
import { type FirstGrantOutcome, type FirstGrantPorts, firstGrant, nothingToVerify } from './first-grant.ts'
import { endOfOldGrant, leftWith, retireSecret } from './retire-setup.ts'
import { requireVerified } from './verify-connection.ts'

/** Ten updates at a time come through; together the tries take a few seconds at most. */
const MAX_TRIES = 15
const MIN_WAIT_MS = 10
const MAX_CHANCE_MS = 80

export interface UpdateConnectionInput {
  readonly tenant: string
  readonly id: string
  readonly name?: string
  readonly setup?: JsonValue
  readonly ifMatch?: string
  /** Fail with the provider's refusal instead of storing what does not work. */
  readonly verify?: boolean
}

/**
 * Renames a connection, replaces its whole setup, or both, and answers the row. A setup equal to the stored one
 * by digest changes nothing: deploy tools send the same setup on every run, and a grant must survive that.
 * Throws `not-found`, `invalid-body`, `precondition-failed`, `conflict`, `store-unavailable`.
 */
export async function updateConnection(
  ports: FirstGrantPorts,
  input: UpdateConnectionInput,
): Promise<ConnectionRow> {
  for (let tries = 1; ; tries++) {
    try {
      return await tryUpdate(ports, input)
    } catch (error) {
      if (!isBusy(error) || bringsCode(input) || tries === MAX_TRIES) throw error
    }
    // Those who meet here must not meet again at the next try.
    const [chance = 0] = ports.random.bytes(1)
    await ports.clock.sleep(tries * MIN_WAIT_MS + (chance * MAX_CHANCE_MS) / 256)
  }
}

/** Others change the connection just now: what was prepared is undone, and a moment later it may work. */
function isBusy(error: unknown): boolean {
  if (!(error instanceof VaultError) || error.code !== 'conflict') return false
  return error.detail.retryAfterSeconds !== undefined && error.detail.errorCode === undefined
}

/** A code may have been sent by a try that failed, and no other may send it again. */
function bringsCode({ setup }: UpdateConnectionInput): boolean {
  return typeof setup === 'object' && setup !== null && 'code' in setup
}

async function tryUpdate(ports: FirstGrantPorts, input: UpdateConnectionInput): Promise<ConnectionRow> {
  const row = await getConnection(ports, input.tenant, input.id)
  checkIfMatch(row, input.ifMatch)
  const connector = findConnector(row.appId)
  if (connector === undefined) throw new InvariantError(`no connector for ${row.appId}`)
  const accepted =
    input.setup === undefined
      ? undefined
      : await acceptSetup(ports, { tenant: input.tenant, connector }, input.setup)
  if (input.verify === true && accepted !== undefined) refuseUntried(accepted)
  if (accepted !== undefined && accepted.digest !== row.setupDigest) {
    return replaceSetup(ports, row, accepted, input)
  }
  if (input.verify === true) await verifyUnchanged(ports, input, accepted)
  return rename(ports, row, input)
}

/** What cannot be tried is refused before it is compared: the answer and its time tell nothing of what is stored. */
function refuseUntried({ setup }: AcceptedSetup): void {
  if (setup.grant === undefined && setup.test === undefined) {
    throw nothingToVerify('There is no test call for this setup')
  }
}

/** Whoever asks to verify is told, also where the setup is the one that is stored, and where there is none. */
async function verifyUnchanged(
  ports: FirstGrantPorts,
  { tenant, id }: UpdateConnectionInput,
  accepted: AcceptedSetup | undefined,
): Promise<void> {
  if (accepted === undefined) throw nothingToVerify('There is no setup to verify')
  await requireVerified(ports, { tenant, id })
}

function rename(ports: Ports, row: ConnectionRow, input: UpdateConnectionInput): Promise<ConnectionRow> {
  return changeConnection(ports, row, (current) => {
    checkIfMatch(current, input.ifMatch)
    const { name } = input
    if (name === undefined || name === current.name) return undefined
    const fingerprint = fingerprintOf({ id: current.id, name, setupDigest: current.setupDigest })
    return { members: { name, fingerprint }, event: { type: 'connection.updated', changed: ['name'] } }
  })
}

async function replaceSetup(
  ports: FirstGrantPorts,
  row: ConnectionRow,
  accepted: AcceptedSetup,
  input: UpdateConnectionInput,
): Promise<ConnectionRow> {
  const op = newUuid(ports.random)
  const { secretId, generation, newSecret, reserve } = placeForSecret(row)
  const intent: Intent = {
    kind: 'update',
    tenant: row.tenant,
    ownerId: row.id,
    op,
    secretId,
    newSecret,
    deadlineAtMs: ports.clock.nowMs() + INTENT_DEADLINE_MS,
  }
  let updated: ConnectionRow | undefined
  // What the commit replaces is the row as it is then: a rotation may have moved the pointer since it was read.
  let replaced = row
  let pointer: SecretPointer
  try {
    pointer = await commitSecret(ports, {
      intent,
      generation,
      besideIntent: reserve,
      value: sealableContent({ setup: accepted.values }),
      seenFirst: input.verify === true || accepted.setup.grant !== undefined,
      commit: async ({ pointer: setupVersion, beside }: Staging) => {
        const stored = {
          ...storedSetup(row, accepted, setupVersion),
          secret: setupVersion,
          op,
          authorization: op,
        }
        const first = await firstGrant(ports, stored, accepted, { verify: input.verify === true })
        updated = await changeConnection(ports, row, (current) => {
          checkIfMatch(current, input.ifMatch)
          replaced = current
          const name = input.name ?? current.name
          const to = { name, first, intent, secret: setupVersion, nowMs: ports.clock.nowMs() }
          const change = setupChange(current, accepted, to)
          return { ...change, beside: [...beside, ...change.beside, ...leftWith(ports, current, to)] }
        })
      },
    })
  } catch (error) {
    const isGone = error instanceof SecretNotFoundError
    if (!isGone && !(error instanceof ConditionFailedError)) throw error
    // A delete came in between, which commits first, and its secret takes no versions any more; or another's setup.
    if (isGone && (await findConnection(ports, row.tenant, row.id)) === undefined) throw connectionNotFound()
    throw new VaultError(
      'conflict',
      'The connection is being changed by others; nothing was changed. Try again.',
      { retryAfterSeconds: 1, cause: error },
    )
  }
  await retireSecret(ports, replaced, { op, secret: pointer })
  return updated ?? getConnection(ports, row.tenant, row.id)
}

function storedSetup(row: ConnectionRow, accepted: AcceptedSetup, secret: SecretPointer): StoredSetup {
  return {
    tenant: row.tenant,
    id: row.id,
    appId: row.appId,
    setupType: accepted.setup.type,
    setupDigest: accepted.digest,
    secret,
  }
}

/** A connection that worked has been authorized before: what its new setup wants, such as other scopes, was not. */
function reasonAfter(
  current: ConnectionRow,
  { setup, values }: AcceptedSetup,
  first: FirstGrantOutcome,
): Pick<ConnectionRow, 'statusReason'> | undefined {
  const asksNobody = setup.grant?.kind === 'authorization-code' && values['code'] === undefined
  if (!asksNobody || current.grants === undefined || first.members.status !== 'pending') return undefined
  return {
    statusReason:
      'The setup was changed after the connection was authorized. Authorize the connection again.',
  }
}

function setupChange(
  current: ConnectionRow,
  accepted: AcceptedSetup,
  to: { name: string; first: FirstGrantOutcome; intent: Intent; secret: SecretPointer; nowMs: number },
) {
  const changed = to.name === current.name ? ['setup'] : ['name', 'setup']
  return {
    members: {
      ...rowMembersOf(accepted),
      name: to.name,
      fingerprint: fingerprintOf({ id: current.id, name: to.name, setupDigest: accepted.digest }),
      secret: to.secret,
      // The row was read before its generation was reserved, so the count is set here as well.
      generations: Math.max(current.generations, to.secret.generation),
      credentialVersion: current.credentialVersion + 1,
      refreshedAtMs: to.nowMs,
      // A new setup starts a new grant: nothing of the old one may be rotated, blamed or compared any more.
      grant: undefined,
      grants: undefined,
      requiredScopes: undefined,
      fence: current.fence + 1,
      attempt: undefined,
      failure: undefined,
      authorization: to.intent.op,
      warnedRefreshExpiryMs: undefined,
      due_shard: undefined,
      due_at: undefined,
      ...to.first.members,
      ...reasonAfter(current, accepted, to.first),
    },
    event: { type: 'connection.updated' as const, changed },
    beside: [...endOfOldGrant(current, to), ...to.first.beside],
  }
}
