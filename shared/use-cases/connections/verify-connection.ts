import type { ConnectionRow } from '../../domain/connection.ts'
import { defined } from '../../domain/defined.ts'
import { VaultError } from '../../domain/errors.ts'
import type { GrantRunner } from '../../ports/grant-runner.ts'
import type { Ports } from '../../ports/ports.ts'
import { getConnection } from '../commit/connection-rows.ts'
import { storedSetupOf } from '../commit/stored-setup.ts'
import { connectionEmpty } from '../fetch/empty-connection.ts'
import { isGoodFor } from '../fetch/freshen-credential.ts'
import type { FreezeWatch } from '../freezes/freeze-watch.ts'
import { refuseFrozen } from '../freezes/refuse-frozen.ts'
import { mintedConnection } from '../grants/minted-connection.ts'
import { nothingToVerify, providerRefused, unavailable } from './first-grant.ts'

/** A person waits. */
const VERIFY_BUDGET_MS = 20_000
const NOT_AUTHORIZED = 'Nobody has authorized the connection yet. Authorize it.'
const REPLACED_OR_LOST =
  'The tokens were renewed while they were tried, or are lost, which a fetch finds out. Try again.'
/** A token with less left than this is renewed before it is tried. */
const VERIFY_MIN_TTL_MS = 60_000

/** What trying a credential takes: a frozen one is not sent anywhere. */
export type VerifyPorts = Ports & { readonly grants: GrantRunner; readonly freezes: FreezeWatch }

export interface Verification {
  readonly result: 'accepted' | 'refused' | 'unreachable' | 'untested'
  readonly message?: string
}

/**
 * Tries a connection's credential. A minted one is renewed first when it is about to expire, and what that brings
 * is kept; then the connector's test call is made. Throws `not-found`, `connection-frozen`, `connection-empty`,
 * `authorization-pending`.
 */
export async function verifyConnection(
  ports: VerifyPorts,
  input: { tenant: string; id: string },
): Promise<Verification> {
  const row = await getConnection(ports, input.tenant, input.id)
  await refuseFrozen(ports, row)
  if (row.setupType === undefined) throw connectionEmpty(row)
  const minted = mintedConnection(row) !== undefined
  if (minted && !isGoodFor(row, VERIFY_MIN_TTL_MS, ports.clock.nowMs())) {
    const result = await ports.grants.rotate(
      { ...input, cause: 'manual', ...defined({ actor: ports.actor }) },
      VERIFY_BUDGET_MS,
    )
    if (result.kind === 'late' || result.kind === 'busy') {
      return { result: 'unreachable', message: 'The provider has not answered yet.' }
    }
    if (result.kind === 'nothing' && result.row.status === 'pending') {
      throw new VaultError('authorization-pending', result.row.statusReason ?? NOT_AUTHORIZED)
    }
  }
  const current = await getConnection(ports, input.tenant, input.id)
  if (minted && !isGoodFor(current, 0, ports.clock.nowMs())) {
    const refused = ['grant-dead', 'app-broken', 'refused'].includes(current.failure?.class ?? '')
    const message = current.failure?.message ?? current.statusReason ?? NOT_AUTHORIZED
    return { result: refused || current.failure === undefined ? 'refused' : 'unreachable', message }
  }
  const probed = await ports.grants.probe(storedSetupOf(current)!)
  if (probed.kind === 'forbidden') {
    const message = `${probed.target.reason}. Correct ${probed.target.field} in the setup.`
    return { result: 'unreachable', message }
  }
  if (probed.kind === 'refused') {
    return { result: 'refused', message: `${probed.message} ${nextStepFor(current)}` }
  }
  if (probed.kind === 'gone') return { result: 'unreachable', message: REPLACED_OR_LOST }
  if (probed.kind !== 'no-test')
    return { result: probed.kind, ...('message' in probed ? { message: probed.message } : {}) }
  return minted
    ? { result: 'accepted', message: 'The provider issued a credential.' }
    : { result: 'untested', message: 'This app has no harmless call to try the credential with.' }
}

/** The service refuses what works as far as the vault knows: who can change that depends on where it came from. */
function nextStepFor(row: ConnectionRow): string {
  const minted = mintedConnection(row)
  if (minted === undefined) return 'Replace it in the setup.'
  return minted.profile.kind === 'authorization-code'
    ? 'Authorize the connection again.'
    : 'Check what the client may do there.'
}

/**
 * The same for an update that was sent with `verify` and would change nothing: the stored setup is the one to
 * try. Throws `provider-refused`, `provider-unavailable`, `invalid-query` where there is nothing to try it with.
 */
export async function requireVerified(
  ports: VerifyPorts,
  input: { tenant: string; id: string },
): Promise<void> {
  const { result, message = '' } = await verifyConnection(ports, input)
  if (result === 'refused') throw providerRefused(message, {})
  if (result === 'unreachable') throw unavailable(message)
  if (result === 'untested') throw nothingToVerify('There is no test call for this setup')
}
