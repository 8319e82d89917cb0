import type { Setup } from '../../connectors/connector.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import type { GrantProfile } from '../../domain/grant-profile.ts'
import { intentKey } from '../../domain/keys.ts'
import type { FirstGrantRequest } from '../../ports/grant-runner.ts'
import { StoreUnavailableError } from '../../ports/item-store.ts'
import { SecretNotFoundError } from '../../ports/secret-store.ts'
import { findCurrentSetup, SetupMissingError } from '../commit/current-content.ts'
import { type EffectiveSetup, effectiveSetup } from '../oauth-applications/oauth-application.ts'
import type { GrantPorts } from './grant-ports.ts'

/**
 * The row's setup of that type as a provider is asked with it, or a bare one where a code app is authorized without
 * any. Undefined when the row has moved on since it was read. Throws `SetupMissingError`.
 */
export async function findEffectiveSetup(
  ports: Pick<GrantPorts, 'items' | 'log' | 'opened'>,
  row: ConnectionRow,
  setup: Setup,
): Promise<EffectiveSetup | undefined> {
  const { secret } = row
  if (secret === undefined || row.setupType !== setup.type) return { values: { type: setup.type } }
  const own = await findCurrentSetup(ports, { ...row, secret })
  return own && effectiveSetup(ports, row, setup.grant, own)
}

/** What a look for a setup finds; undefined where the stored one is gone. */
export async function unlessMissing(looking: Promise<EffectiveSetup>): Promise<EffectiveSetup | undefined> {
  try {
    return await looking
  } catch (error) {
    if (error instanceof SetupMissingError) return undefined
    throw error
  }
}

/**
 * The setup of an operation that no row points at yet, as a provider is asked with it. Undefined when the operation
 * was undone meanwhile; throws `StoreUnavailableError` when its secret is not to be seen yet.
 */
export async function findStagedSetup(
  ports: Pick<GrantPorts, 'items' | 'opened'>,
  request: Pick<FirstGrantRequest, 'tenant' | 'appId' | 'op' | 'secret' | 'oauthAppId'>,
  profile: GrantProfile,
): Promise<EffectiveSetup | undefined> {
  try {
    return await effectiveSetup(ports, request, profile, (await ports.opened.open(request.secret)).setup)
  } catch (error) {
    if (!(error instanceof SecretNotFoundError)) throw error
    // A new secret may not be seen at once; only what the rows say of its operation tells that it was undone.
    const intent = await ports.items.get(intentKey(request.tenant, request.op))
    if (intent?.['state'] !== 'open') return undefined
    throw new StoreUnavailableError('a setup that was just stored is not to be seen yet', 'not-applied')
  }
}
