import { findConnector } from '../connectors/catalogue.ts'
import type { ConnectionRow, SecretPointer } from '../domain/connection.ts'
import { InvariantError, VaultError } from '../domain/errors.ts'
import { newUuid } from '../domain/ids.ts'
import type { JsonValue } from '../domain/json.ts'
import { connectionKey } from '../domain/keys.ts'
import { secretIdOf } from '../domain/secret-id.ts'
import type { StoredSetup } from '../ports/grant-runner.ts'
import { ConditionFailedError, type Write } from '../ports/item-store.ts'
import type { Ports } from '../ports/ports.ts'
import { type AcceptedSetup, acceptSetup, rowMembersOf, sealableContent } from './accept-setup.ts'
import { changeConnection } from './change-connection.ts'
import { closeIntent, commitSecret, INTENT_DEADLINE_MS, type Intent } from './commit-protocol.ts'
import { fingerprintOf, getConnection } from './connection-rows.ts'
import { discardVersion } from './discard-version.ts'
import { type FirstGrantOutcome, type FirstGrantPorts, firstGrant } from './first-grant.ts'
import { checkIfMatch } from './preconditions.ts'
import { revokeStored, storedSetupOf } from './stored-setup.ts'

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
  const row = await getConnection(ports, input.tenant, input.id)
  checkIfMatch(row, input.ifMatch)
  const connector = findConnector(row.appId)
  if (connector === undefined) throw new InvariantError(`no connector for ${row.appId}`)
  const accepted = input.setup === undefined ? undefined : await acceptSetup(ports, connector, input.setup)
  if (accepted !== undefined && accepted.digest !== row.setupDigest) {
    return replaceSetup(ports, row, accepted, input)
  }
  return rename(ports, row, input)
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
  const { secretId, generation, reserve } = placeForSetup(row)
  const intent: Intent = {
    kind: 'update',
    tenant: row.tenant,
    ownerId: row.id,
    op,
    secretId,
    newSecret: row.secret === undefined,
    deadlineAtMs: ports.clock.nowMs() + INTENT_DEADLINE_MS,
  }
  let updated = row
  const superseded: SecretPointer[] = []
  try {
    await commitSecret(ports, {
      intent,
      generation,
      besideIntent: reserve,
      value: sealableContent({ setup: accepted.values }),
      commit: async (setupVersion) => {
        const first = await firstGrant(ports, storedSetup(row, accepted, setupVersion), accepted, {
          answerVersionId: `${op}-grant`,
          verify: input.verify === true,
        })
        updated = await changeConnection(ports, row, (current) => {
          checkIfMatch(current, input.ifMatch)
          const to = { name: input.name ?? current.name, first, intent, nowMs: ports.clock.nowMs() }
          return setupChange(current, accepted, to)
        })
        if (first.secret.versionId !== setupVersion.versionId) superseded.push(setupVersion)
      },
    })
  } catch (error) {
    if (!(error instanceof ConditionFailedError)) throw error
    throw new VaultError(
      'conflict',
      'The connection is being changed by others; nothing was changed. Try again.',
      {
        retryAfterSeconds: 1,
        cause: error,
      },
    )
  }
  await retireOldSecret(ports, row)
  for (const pointer of superseded) await discardVersion(ports, pointer)
  return updated
}

/** The old setup's grants are revoked upstream: nothing points at them any more, and they must not outlive that. */
async function retireOldSecret(ports: FirstGrantPorts, row: ConnectionRow): Promise<void> {
  const stored = storedSetupOf(row)
  if (stored === undefined) return
  if (row.grants !== undefined) await revokeStored(ports, stored)
  await discardVersion(ports, stored.secret)
}

function storedSetup(row: ConnectionRow, accepted: AcceptedSetup, secret: SecretPointer): StoredSetup {
  return {
    tenant: row.tenant,
    id: row.id,
    appId: row.appId,
    setupType: accepted.setup.type,
    setupDigest: accepted.digest,
    authorization: (row.authorization ?? 0) + 1,
    secret,
  }
}

/** The first setup of an empty connection takes a name never used; later ones are versions of the same secret. */
function placeForSetup(row: ConnectionRow): { secretId: string; generation: number; reserve: Write[] } {
  if (row.secret !== undefined) {
    return { secretId: row.secret.secretId, generation: row.secret.generation, reserve: [] }
  }
  const generation = row.generations + 1
  return {
    secretId: secretIdOf({ tenant: row.tenant, ownerId: row.id, generation }),
    generation,
    reserve: [
      {
        op: 'update',
        key: connectionKey(row.tenant, row.id),
        add: { generations: 1 },
        when: [{ kind: 'equals', attribute: 'generations', value: row.generations }],
      },
    ],
  }
}

function setupChange(
  current: ConnectionRow,
  accepted: AcceptedSetup,
  to: { name: string; first: FirstGrantOutcome; intent: Intent; nowMs: number },
) {
  const changed = to.name === current.name ? ['setup'] : ['name', 'setup']
  return {
    members: {
      ...rowMembersOf(accepted),
      name: to.name,
      fingerprint: fingerprintOf({ id: current.id, name: to.name, setupDigest: accepted.digest }),
      secret: to.first.secret,
      // The row was read before its generation was reserved, so the count is set here as well.
      generations: Math.max(current.generations, to.first.secret.generation),
      credentialVersion: current.credentialVersion + 1,
      refreshedAtMs: to.nowMs,
      // A new setup starts a new grant: nothing of the old one may be rotated, blamed or compared any more.
      grants: undefined,
      requiredScopes: undefined,
      oauthAppId: undefined,
      attempt: undefined,
      failure: undefined,
      authorization: (current.authorization ?? 0) + 1,
      due_shard: undefined,
      due_at: undefined,
      ...to.first.members,
    },
    event: { type: 'connection.updated' as const, changed },
    beside: [closeIntent(to.intent), ...to.first.beside],
  }
}
