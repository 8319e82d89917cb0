import { findConnector } from '../connectors/catalogue.ts'
import type { ConnectionRow, SecretPointer } from '../domain/connection.ts'
import { InvariantError, VaultError } from '../domain/errors.ts'
import { newUuid } from '../domain/ids.ts'
import type { JsonValue } from '../domain/json.ts'
import { connectionKey } from '../domain/keys.ts'
import { secretIdOf } from '../domain/secret-id.ts'
import { ConditionFailedError, type Write } from '../ports/item-store.ts'
import type { Ports } from '../ports/ports.ts'
import { type AcceptedSetup, acceptSetup, rowMembersOf, sealableContent } from './accept-setup.ts'
import { changeConnection } from './change-connection.ts'
import { closeIntent, commitSecret, INTENT_DEADLINE_MS, type Intent } from './commit-protocol.ts'
import { fingerprintOf, getConnection } from './connection-rows.ts'
import { discardVersion } from './discard-version.ts'
import { checkIfMatch } from './preconditions.ts'

export interface UpdateConnectionInput {
  readonly tenant: string
  readonly id: string
  readonly name?: string
  readonly setup?: JsonValue
  readonly ifMatch?: string
}

/**
 * Renames a connection, replaces its whole setup, or both, and answers the row. A setup equal to the stored one
 * by digest changes nothing: deploy tools send the same setup on every run, and a grant must survive that.
 * Throws `not-found`, `invalid-body`, `precondition-failed`, `conflict`, `store-unavailable`.
 */
export async function updateConnection(ports: Ports, input: UpdateConnectionInput): Promise<ConnectionRow> {
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
  ports: Ports,
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
  try {
    await commitSecret(ports, {
      intent,
      generation,
      besideIntent: reserve,
      value: sealableContent({ setup: accepted.values }),
      commit: async (secret) => {
        updated = await changeConnection(ports, row, (current) => {
          checkIfMatch(current, input.ifMatch)
          return setupChange(current, accepted, {
            name: input.name ?? current.name,
            secret,
            intent,
            nowMs: ports.clock.nowMs(),
          })
        })
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
  if (row.secret !== undefined) await discardVersion(ports, row.secret)
  return updated
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
  to: { name: string; secret: SecretPointer; intent: Intent; nowMs: number },
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
      grants: undefined,
      requiredScopes: undefined,
      oauthAppId: undefined,
      attempt: undefined,
      failure: undefined,
      due_shard: undefined,
      due_at: undefined,
    },
    event: { type: 'connection.updated' as const, changed },
    beside: [closeIntent(to.intent)],
  }
}
