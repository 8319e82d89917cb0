import { findSetupOf } from '../../connectors/catalogue.ts'
import type { Setup } from '../../connectors/connector.ts'
import { type Account, accountLabel, namesAccount } from '../../domain/account.ts'
import { chosenProfile } from '../../domain/chosen-profile.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import { isOutOfService } from '../../domain/restored-store.ts'
import { SecretText } from '../../domain/secret-text.ts'
import type { ExchangeRequest, ExchangeResult, FailureTold } from '../../ports/grant-runner.ts'
import type { TokenFailure } from '../../ports/oauth-client.ts'
import type { SetupDigests } from '../../ports/setup-facts.ts'
import { findConnection } from '../commit/connection-rows.ts'
import { setupDigestsOf } from '../commit/setup-digests.ts'
import { findApplicationClient } from '../oauth-applications/oauth-application.ts'
import { type Answer, askProvider, NOTHING_HELD, type Question } from './ask-provider.ts'
import { findSetupToAuthorize } from './effective-setup.ts'
import { failureBecause, outOfService } from './failure.ts'
import type { GrantPorts } from './grant-ports.ts'
import { keepAuthorization } from './keep-authorization.ts'
import { isForbidden } from './next-step.ts'
import { noteFailedAuthorization } from './note-failed-authorization.ts'
import { revokeUnwanted } from './revoke-grants.ts'
import { prepareSeals } from './sealed-tokens.ts'

/**
 * Exchanges the code of a consumed state and puts the grant in the place of the connection's old one, with the
 * same id: flows go on. The old grant is not revoked upstream, unless it was another client's, or its provider ends
 * that one alone: at those that revoke by user and client, it would end the new one too.
 */
export async function exchangeCode(ports: GrantPorts, request: ExchangeRequest): Promise<ExchangeResult> {
  const reading = [findConnection(ports, request.tenant, request.id), ports.restored.move()] as const
  const [row, move] = await Promise.all(reading)
  // Written to no row: the other vault numbers the events, and has the grant that the provider might end for this one.
  if (move !== undefined && isOutOfService(move)) return { kind: 'failed', failure: outOfService(move) }
  const setup = row === undefined ? undefined : findSetupOf(row.appId, request.setupType)
  if (row === undefined || setup?.grant === undefined) return { kind: 'gone' }
  const profile = setup.grant
  const effective = await findSetupToAuthorize(ports, row, setup)
  if (effective === undefined) return failed(ports, row, failureBecause('setup_missing'))
  const { values } = effective
  const withApplication = request.oauthAppId === undefined ? row : { ...row, oauthAppId: request.oauthAppId }
  const application = await findApplicationClient(ports, withApplication, profile, effective)
  if (application === undefined) return failed(ports, row, failureBecause('no_oauth_application'))
  if (ports.hasRoom?.() === false) return failed(ports, row, failureBecause('no_room'))
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
  const question: Question = {
    tenant: row.tenant,
    ...{ profile, setup: values, application, way, askedScopes: request.scopes, seals },
    old: NOTHING_HELD,
    once: true,
  }
  const answer = await askForPerson(ports, question)
  if (answer.kind === 'failed') return failed(ports, row, answer.failure)
  const expected = otherAccountThan(row, request, answer.account)
  if (expected !== undefined) {
    // It is forgotten, where a revocation would end what the same client holds for that person elsewhere.
    if (profile.revocation?.ends === 'token') await revokeUnwanted(ports, row, answer.tokens)
    return { kind: 'other-account', account: answer.account, expected }
  }
  const authorizing = { row, setup, digests: await bareDigests(ports, row, setup) }
  return keepAuthorization(ports, authorizing, { question, answer, seenIssuer: request.seenIssuer })
}

/** Whose account it should have been, when it is another's. */
function otherAccountThan(
  row: ConnectionRow,
  { expectedAccount, switchAccount }: ExchangeRequest,
  account: Account | undefined,
): string | undefined {
  if (expectedAccount !== undefined) {
    return account !== undefined && namesAccount(expectedAccount, account) ? undefined : expectedAccount
  }
  if (switchAccount === true || row.account?.id === undefined || account?.id === undefined) return undefined
  return row.account.id === account.id ? undefined : (accountLabel(row.account) ?? row.account.id)
}

/** A person waits before a browser, and API Gateway for 30 s: so much for a provider that is away for a moment. */
const AGAIN_AFTER_MS = [1_000, 2_000, 4_000]
const AGAIN_WITHIN_MS = 8_000

/**
 * Asks for the code's grant, and again soon while the provider has not taken the code: a person brings another only by
 * authorizing again.
 */
async function askForPerson(ports: GrantPorts, question: Question): Promise<Answer> {
  const fromMs = ports.clock.monotonicMs()
  for (const waitMs of AGAIN_AFTER_MS) {
    const answer = await askProvider(ports, question)
    if (answer.kind === 'granted' || !mayPassSoon(answer.outcome, waitMs)) return answer
    if (ports.clock.monotonicMs() - fromMs + waitMs > AGAIN_WITHIN_MS) return answer
    await ports.clock.sleep(waitMs)
  }
  return askProvider(ports, question)
}

/** Whether the code is still good, and the provider may have come back after the wait. */
function mayPassSoon({ code, kind, retryAfterMs = 0 }: TokenFailure, waitMs: number): boolean {
  return (kind === 'not-sent' || kind === 'passing') && !isForbidden(code) && retryAfterMs <= waitMs
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

/** Of the bare setup that a connection is authorized with which has none of this type. */
async function bareDigests(
  ports: GrantPorts,
  row: ConnectionRow,
  setup: Setup,
): Promise<SetupDigests | undefined> {
  if (row.setupDigest !== undefined && row.setupType === setup.type) return undefined
  return setupDigestsOf(ports, row.appId, { setup, values: { type: setup.type } })
}
