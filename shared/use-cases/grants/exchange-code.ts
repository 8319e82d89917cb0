import { findSetupOf } from '../../connectors/catalogue.ts'
import type { Setup } from '../../connectors/connector.ts'
import { chosenProfile } from '../../domain/chosen-profile.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import { SecretText } from '../../domain/secret-text.ts'
import type { ExchangeRequest, ExchangeResult, FailureTold } from '../../ports/grant-runner.ts'
import type { SetupDigests } from '../../ports/setup-facts.ts'
import { findConnection, getConnection } from '../commit/connection-rows.ts'
import { setupDigestsOf } from '../commit/setup-digests.ts'
import { type EffectiveSetup, findApplicationClient } from '../oauth-applications/oauth-application.ts'
import { askProvider, NOTHING_HELD } from './ask-provider.ts'
import { findEffectiveSetup } from './effective-setup.ts'
import { otherAccountThan } from './expected-account.ts'
import { failureBecause } from './failure.ts'
import type { GrantPorts } from './grant-ports.ts'
import { keepAuthorization, revokeUnwanted } from './keep-authorization.ts'
import { noteFailedAuthorization } from './note-failed-authorization.ts'
import { prepareSeals } from './sealed-tokens.ts'

/**
 * Exchanges the code of a consumed state and puts the grant in the place of the connection's old one, with the
 * same id: flows go on. The old grant is not revoked upstream, unless it was another client's, or its provider ends
 * that one alone: at those that revoke by user and client, it would end the new one too.
 */
export async function exchangeCode(ports: GrantPorts, request: ExchangeRequest): Promise<ExchangeResult> {
  const row = await findConnection(ports, request.tenant, request.id)
  const setup = row === undefined ? undefined : findSetupOf(row.appId, request.setupType)
  if (row === undefined || setup?.grant === undefined) return { kind: 'gone' }
  const profile = setup.grant
  const effective = await effectiveSetupOf(ports, row, setup)
  const { values } = effective
  const withApplication = request.oauthAppId === undefined ? row : { ...row, oauthAppId: request.oauthAppId }
  const application = await findApplicationClient(ports, withApplication, profile, effective)
  if (application === undefined) return failed(ports, row, failureBecause('no-application'))
  const seals = await prepareSeals(ports, row)
  const way = {
    kind: 'authorization-code',
    code: request.code,
    redirectUri: request.redirectUri,
    ...(chosenProfile(profile, values).pkce === 'S256'
      ? { codeVerifier: await codeVerifierOf(ports, request.state) }
      : {}),
    ...(request.callback === undefined ? {} : { callback: request.callback }),
    scopes: request.scopes,
  } as const
  const answer = await askProvider(ports, {
    tenant: row.tenant,
    ...{ profile, setup: values, application, way, askedScopes: request.scopes, mark: seals.mark },
    old: NOTHING_HELD,
    once: true,
  })
  if (answer.kind === 'failed') return failed(ports, row, answer.failure)
  const expected = otherAccountThan(row, request, answer.account)
  if (expected !== undefined) {
    // It is forgotten, where a revocation would end what the same client holds for that person elsewhere.
    if (profile.revocation?.ends === 'token') await revokeUnwanted(ports, row, answer.tokens)
    return { kind: 'other-account', account: answer.account, expected }
  }
  const authorizing = { row, setup, digests: await bareDigests(ports, row, setup) }
  return keepAuthorization(ports, authorizing, {
    answer,
    seals,
    askedScopes: request.scopes,
    seenIssuer: request.seenIssuer,
  })
}

async function failed(ports: GrantPorts, row: ConnectionRow, failure: FailureTold): Promise<ExchangeResult> {
  await noteFailedAuthorization(ports, row, failure)
  return { kind: 'failed', failure }
}

/**
 * The PKCE code verifier of a state (RFC 7636 §4.1: 43 to 128 unreserved characters). It is derived by key from
 * the state, which only the browser holds, so nothing that is stored gives it away.
 */
export async function codeVerifierOf(
  ports: Pick<GrantPorts, 'digester'>,
  state: SecretText,
): Promise<SecretText> {
  return new SecretText(await ports.digester.digest('code-verifier', state))
}

/** The setup the authorization belongs to: the stored one of that type, or a bare one. */
export async function effectiveSetupOf(
  ports: GrantPorts,
  row: ConnectionRow,
  setup: Setup,
): Promise<EffectiveSetup> {
  const found = await findEffectiveSetup(ports, row, setup)
  return found ?? effectiveSetupOf(ports, await getConnection(ports, row.tenant, row.id), setup)
}

async function bareDigests(
  ports: GrantPorts,
  row: ConnectionRow,
  setup: Setup,
): Promise<SetupDigests | undefined> {
  if (row.setupDigest !== undefined && row.setupType === setup.type) return undefined
  return setupDigestsOf(ports, row.appId, { setup, values: { type: setup.type } })
}
