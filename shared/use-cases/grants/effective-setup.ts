import { findSetupOf } from '../../connectors/catalogue.ts'
import type { Setup } from '../../connectors/connector.ts'
import type { ConnectionRow, SecretPointer } from '../../domain/connection.ts'
import { InvariantError } from '../../domain/errors.ts'
import type { GrantProfile } from '../../domain/grant-profile.ts'
import type { JsonObject } from '../../domain/json.ts'
import { intentKey } from '../../domain/keys.ts'
import type { FirstGrantRequest } from '../../ports/grant-runner.ts'
import { StoreUnavailableError } from '../../ports/item-store.ts'
import type { Log } from '../../ports/log.ts'
import { SecretNotFoundError } from '../../ports/secret-store.ts'
import { findConnection, getConnection } from '../commit/connection-rows.ts'
import { type EffectiveSetup, effectiveSetup } from '../oauth-applications/oauth-application.ts'
import type { GrantPorts } from './grant-ports.ts'

type SetupPorts = Pick<GrantPorts, 'items' | 'log' | 'opened'>

/** A row points at a setup that is not there: somebody deleted it beside the vault, or its store is behind. */
export class SetupMissingError extends Error {
  override readonly name = 'SetupMissingError'
  readonly row: ConnectionRow

  constructor(row: ConnectionRow, cause: unknown) {
    super('a row points at a setup that is not there', { cause })
    this.row = row
  }
}

/**
 * The row's setup of that type as a provider is asked with it, or a bare one where a code app is authorized without
 * any. Undefined when the row has moved on since it was read, and the version is gone for that reason; throws
 * `SetupMissingError`, and tells the operator, when it is gone for any other.
 */
export async function findEffectiveSetup(
  ports: SetupPorts,
  row: ConnectionRow,
  setup: Setup,
): Promise<EffectiveSetup | undefined> {
  const { secret } = row
  if (secret === undefined || row.setupType !== setup.type) return { values: { type: setup.type } }
  const own = await findCurrentSetup(ports, { ...row, secret })
  return own && effectiveSetup(ports, row, setup.grant, own)
}

async function findCurrentSetup(
  ports: SetupPorts,
  row: ConnectionRow & { readonly secret: SecretPointer },
): Promise<JsonObject | undefined> {
  try {
    return (await ports.opened.open(row.secret)).setup
  } catch (error) {
    if (!(error instanceof SecretNotFoundError)) throw error
    const current = await findConnection(ports, row.tenant, row.id)
    if (current?.secret?.versionId !== row.secret.versionId) return undefined
    tellMissingSetup(ports, current)
    throw new SetupMissingError(current, error)
  }
}

/** The same for a person who waits: of the row as it is now, and undefined where the stored setup is gone. */
export async function findSetupToAuthorize(
  ports: SetupPorts,
  row: ConnectionRow,
  setup: Setup,
): Promise<EffectiveSetup | undefined> {
  try {
    const found = await findEffectiveSetup(ports, row, setup)
    return found ?? findSetupToAuthorize(ports, await getConnection(ports, row.tenant, row.id), setup)
  } catch (error) {
    if (error instanceof SetupMissingError) return undefined
    throw error
  }
}

/** The line that an operator looks for. */
export function tellMissingSetup(ports: { readonly log: Log }, { id, secret, tenant }: ConnectionRow): void {
  ports.log.error('a row points at a setup that is not there', {
    ...{ tenant, connection_id: id },
    ...(secret === undefined ? {} : { secret_id: secret.secretId }),
  })
}

/**
 * The setup of an operation that no row points at yet, as a provider is asked with it, and what describes it. Undefined
 * when the operation was undone meanwhile: who asked finds that out when it commits. Throws `StoreUnavailableError` when
 * its secret is not to be seen yet.
 */
export async function findStagedSetup(
  ports: Pick<GrantPorts, 'items' | 'opened'>,
  request: Pick<FirstGrantRequest, 'tenant' | 'appId' | 'setupType' | 'op' | 'secret' | 'oauthAppId'>,
): Promise<(EffectiveSetup & { readonly setup: Setup; readonly profile: GrantProfile }) | undefined> {
  const setup = findSetupOf(request.appId, request.setupType)
  const profile = setup?.grant
  if (setup === undefined || profile === undefined)
    throw new InvariantError(`nothing mints ${request.appId} ${request.setupType}`)
  try {
    const own = (await ports.opened.open(request.secret)).setup
    return { ...(await effectiveSetup(ports, request, profile, own)), setup, profile }
  } catch (error) {
    if (!(error instanceof SecretNotFoundError)) throw error
    // A new secret may not be seen at once; only what the rows say of its operation tells that it was undone.
    const intent = await ports.items.get(intentKey(request.tenant, request.op))
    if (intent?.['state'] !== 'open') return undefined
    throw new StoreUnavailableError('a setup that was just stored is not to be seen yet', 'not-applied')
  }
}
