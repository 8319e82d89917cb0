import { findConnector, findSetup } from '../../connectors/catalogue.ts'
import { writtenType } from '../../connectors/setup-schema.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import { InvariantError, VaultError } from '../../domain/errors.ts'
import type { JsonObject, JsonValue } from '../../domain/json.ts'
import { SETUP_MISSING } from '../../domain/rotation.ts'
import { SecretText } from '../../domain/secret-text.ts'
import type { GrantRunner } from '../../ports/grant-runner.ts'
import type { Ports } from '../../ports/ports.ts'
import { sealableSetup } from '../commit/sealable-setup.ts'
import type { AddressPorts } from '../oauth-applications/shared-setup-of.ts'
import { type AcceptedSetup, acceptSetup, type ValidAcceptedSetup } from './accept-setup.ts'
import { acceptChanges } from './change-setup.ts'
import type { GrantInput } from './import-grant.ts'
import type { SetupSource } from './replace-setup.ts'

/** The setup that an update asks for, checked, and where its version comes from. */
export interface WantedSetup {
  readonly accepted: AcceptedSetup
  readonly source: SetupSource
  /** The members that differ, where that can be told. */
  readonly changed?: readonly string[]
}

/** What an update sends of a setup. */
interface WantedOf {
  readonly setup?: JsonValue
  readonly changes?: JsonObject
  /** A grant alone goes with the setup that is stored. */
  readonly grant?: GrantInput
}

/**
 * The whole setup of an update, sent as it is or as changes of the stored one; undefined where the setup stays. What
 * writes setups reads none, so changes are laid over the stored setup by who may. Throws `invalid-body`, and `conflict`
 * also where the stored one is gone.
 */
export async function wantedSetup(
  ports: Ports & AddressPorts & { readonly grants: GrantRunner },
  row: ConnectionRow,
  { changes: sentChanges, grant, setup }: WantedOf,
): Promise<WantedSetup | undefined> {
  const connector = findConnector(row.appId)
  if (connector === undefined) throw new InvariantError(`no connector for ${row.appId}`)
  const where = { tenant: row.tenant, connector }
  if (setup !== undefined && sentChanges !== undefined) {
    throw new VaultError('invalid-body', 'The whole setup and changes of it were sent together', {
      field: 'setup_changes',
      allowed: 'setup_changes without setup, or setup without setup_changes',
    })
  }
  if (setup !== undefined) return sent(await acceptSetup(ports, where, setup))
  const changes = sentChanges ?? (grant === undefined ? undefined : {})
  if (changes === undefined) return undefined
  if (row.failure?.code === SETUP_MISSING)
    throw new VaultError('conflict', row.failure.message, { errorCode: SETUP_MISSING })
  const current = row.setupType === undefined ? undefined : findSetup(connector, row.setupType)
  const { secret, setupType } = row
  if (secret === undefined || setupType === undefined) {
    const stored = current === undefined ? {} : { type: writtenType(current) }
    return sent(await acceptChanges(ports, where, { setup: current, stored, changes }))
  }
  const request = {
    ...{ tenant: row.tenant, appId: row.appId, setupType, secret },
    changes: new SecretText(JSON.stringify(changes)),
  }
  const { accepted, changed } = await ports.grants.change(request)
  const { setupType: type, ...facts } = accepted
  return {
    accepted: { ...facts, setup: findSetup(connector, type)! },
    changed,
    source: {
      kind: 'merged',
      sent: Object.keys(changes),
      async stage(stageAs) {
        const { staged } = await ports.grants.change({ ...request, stageAs })
        if (staged === undefined) throw new InvariantError('a changed setup was not staged')
        return staged
      },
    },
  }
}

function sent({ held: _held, values, ...accepted }: ValidAcceptedSetup): WantedSetup {
  return { accepted, source: { kind: 'sent', value: sealableSetup(values) } }
}
