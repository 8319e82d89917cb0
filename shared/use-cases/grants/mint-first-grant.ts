import { missingGrantFields } from '../../connectors/missing-grant-fields.ts'
import { defined } from '../../domain/defined.ts'
import type { FailureTold, FirstGrantRequest, FirstGrantResult, Late } from '../../ports/grant-runner.ts'
import type { Rescue } from '../../rows/rescue-row.ts'
import { INTENT_DEADLINE_MS } from '../commit/intent.ts'
import { storeFailureIn } from '../commit/transact-surely.ts'
import { findApplicationClient } from '../oauth-applications/oauth-application.ts'
import { askProvider, NOTHING_HELD, wayFor } from './ask-provider.ts'
import { claimCode } from './code-claim.ts'
import { findStagedSetup } from './effective-setup.ts'
import { failureBecause } from './failure.ts'
import type { GrantPorts } from './grant-ports.ts'
import { scopesToAsk } from './grant-records.ts'
import { leaveRescue } from './keep-answer.ts'
import { revokeUnwanted } from './revoke-grants.ts'
import { prepareSeals } from './sealed-tokens.ts'

/**
 * Asks the provider for the first grant of a setup that is stored but that no row points at yet. The answer is sealed
 * with a rescue beside it, in one transaction: the commit takes the rescue away, and when no commit comes (the caller
 * gave up waiting, or died) reconcile adopts the grant into the row, or revokes it when the operation was undone.
 */
export async function mintFirstGrant(
  ports: GrantPorts,
  request: FirstGrantRequest,
): Promise<FirstGrantResult | Late> {
  const staged = await findStagedSetup(ports, request)
  if (staged === undefined) return { kind: 'late' }
  const { profile, setup, values } = staged
  const failed = (failure: FailureTold): FirstGrantResult => ({ kind: 'failed', failure })
  const way = wayFor(profile, values)
  if (way === undefined) return failed(failureBecause('not_authorized'))
  const missing = missingGrantFields(setup, values)
  if (missing.length > 0) return failed(setupIncomplete(missing))
  const application = await findApplicationClient(ports, request, profile, staged)
  if (application === undefined) return failed(failureBecause('no_oauth_application'))
  const askedScopes = scopesToAsk(profile, values)
  if (ports.hasRoom?.() === false) return failed(failureBecause('no_room'))
  const seals = await prepareSeals(ports, request)
  const code = way.kind === 'authorization-code' ? way.code : undefined
  const claim = code === undefined ? undefined : await claimCode(ports, { ...request, code })
  if (claim !== undefined && claim.kind !== 'claimed') return failed(failureBecause(claim.kind))
  const answer = await askProvider(ports, {
    tenant: request.tenant,
    ...{ profile, setup: values, application, way, askedScopes, seals, old: NOTHING_HELD },
  })
  if (answer.kind === 'failed') {
    await claim?.end(answer.outcome.kind)
    return failed(answer.failure)
  }
  const { pointer: grant, writes } = seals.seal(answer.tokens)
  const { account, oauthAppId, states: grants } = answer
  const minted = { grant, grants, requiredScopes: askedScopes, ...defined({ oauthAppId }) }
  const nowMs = ports.clock.nowMs()
  const { replaces = {} } = request
  const rescue: Rescue = {
    ...request,
    ...minted,
    of: 'first',
    replaces,
    createdAtMs: nowMs,
    members: defined({ account }),
  }
  try {
    await leaveRescue(ports, writes, rescue, nowMs + INTENT_DEADLINE_MS)
  } catch (error) {
    // One that was not stored would live on at the provider with nobody to end it; another is left to its rescue.
    if (storeFailureIn(error)?.outcome === 'not-applied') await revokeUnwanted(ports, request, answer.tokens)
    throw error
  }
  await claim?.end('granted')
  return { kind: 'granted', ...minted, ...defined({ account }) }
}

/** Auth0's schema lets these be left out; without them there is nothing to ask the provider with. */
function setupIncomplete(missing: readonly string[]): FailureTold {
  return {
    class: 'app-broken',
    code: 'setup_incomplete',
    message: `The setup lacks ${missing.join(', ')}. Send it again, complete.`,
    next: 'stop',
  }
}
