import { findConnector, findSetup } from '../../connectors/catalogue.ts'
import type { Setup } from '../../connectors/connector.ts'
import { missingGrantFields } from '../../connectors/missing-grant-fields.ts'
import { InvariantError } from '../../domain/errors.ts'
import { MAIN_GRANT } from '../../domain/grant.ts'
import type { JsonObject } from '../../domain/json.ts'
import { PROVIDER_TIMEOUT_MS } from '../../domain/rotation-policy.ts'
import { SecretText } from '../../domain/secret-text.ts'
import { errorFields } from '../../ports/error-fields.ts'
import type { FailureTold, FirstGrantRequest, FirstGrantResult, Late } from '../../ports/grant-runner.ts'
import { StoreUnavailableError } from '../../ports/item-store.ts'
import type { TokenRequest } from '../../ports/oauth-client.ts'
import { SecretNotFoundError } from '../../ports/secret-store.ts'
import { INTENT_DEADLINE_MS } from '../commit/intent.ts'
import { parseContent } from '../commit/opened-secrets.ts'
import { rescueWrite } from '../commit/rescue-item.ts'
import { type SecretContent, sealableContent } from '../commit/secret-content.ts'
import { findApplicationClient } from '../oauth-applications/oauth-application.ts'
import { forbiddenField, forbiddenWhenResolved } from './called-urls.ts'
import { failureBecause, failureOf } from './failure.ts'
import { withoutUsedCode } from './grant-change.ts'
import type { GrantPorts } from './grant-ports.ts'
import { mergeGrant, scopesToAsk, statesOfGrants } from './grant-records.ts'
import { revokeGrants } from './revoke-grants.ts'

/**
 * Asks the provider for the first grant of a setup that is stored but that no row points at yet. The answer is
 * stored with a rescue item beside it: the commit removes the item, and when no commit comes (the caller gave up
 * waiting, or died) reconcile adopts the grant into the row, or revokes it when there is no row.
 */
export async function mintFirstGrant(
  ports: GrantPorts,
  request: FirstGrantRequest,
): Promise<FirstGrantResult | Late> {
  const connector = findConnector(request.appId)
  const setup = connector === undefined ? undefined : findSetup(connector, request.setupType)
  const profile = setup?.grant
  if (setup === undefined || profile === undefined)
    throw new InvariantError(`nothing mints ${request.appId} ${request.setupType}`)
  const content = await findContent(ports, request)
  // Undone while it waited: whoever asked for it finds that out when it commits.
  if (content === undefined) return { kind: 'late' }
  const code = content.setup['code']
  const usesCode = profile.kind === 'authorization-code' && typeof code === 'string'
  const failed = (failure: FailureTold, application?: string): FirstGrantResult => ({
    kind: 'failed',
    failure: { ...failure, ...(application === undefined ? {} : { application }) },
  })
  const obstacle = obstacleTo(ports, setup, { values: content.setup, needsCode: !usesCode })
  if (obstacle !== undefined) return failed(obstacle)
  const application = await findApplicationClient(ports, request, profile, content.setup)
  if (application === undefined) return failed(failureBecause('no-application'))
  const askedScopes = scopesToAsk(profile, content.setup)
  const way = firstWay(profile.kind, content, askedScopes)
  const issuedAtMs = ports.clock.nowMs()
  const outcome = await ports.oauth.requestToken({
    profile,
    setup: new SecretText(JSON.stringify(content.setup)),
    client: application.client,
    grant: way,
    scopes: askedScopes,
    timeoutMs: PROVIDER_TIMEOUT_MS,
  })
  if (outcome.kind !== 'granted') {
    const named = forbiddenWhenResolved(outcome, setup, content.setup)
    if (named !== undefined) return failed(named)
    return failed(
      failureOf(outcome, { way: way.kind, kind: profile.kind, client: profile.client.from }),
      application.stateName,
    )
  }
  const grants = Object.fromEntries(
    Object.entries(outcome.grants).map(([name, minted]) => [
      name,
      mergeGrant(undefined, minted, { profile, issuedAtMs, askedScopes }),
    ]),
  )
  const versionId = await storeOrRevoke(ports, request, {
    content: { setup: withoutUsedCode(content.setup), grants },
    oauthAppId: application.oauthAppId,
  })
  return {
    kind: 'granted',
    versionId,
    grants: statesOfGrants(grants),
    requiredScopes: askedScopes,
    ...(application.oauthAppId === undefined ? {} : { oauthAppId: application.oauthAppId }),
  }
}

/** What keeps the provider from being asked at all, or undefined. */
function obstacleTo(
  ports: Pick<GrantPorts, 'checkUrl'>,
  setup: Setup,
  { values, needsCode }: { values: JsonObject; needsCode: boolean },
): FailureTold | undefined {
  const forbidden = forbiddenField(ports.checkUrl, setup, values)
  if (forbidden !== undefined) return forbidden
  if (setup.grant?.kind === 'authorization-code' && needsCode) return failureBecause('not-authorized')
  const missing = missingGrantFields(setup, values)
  return missing.length > 0 ? setupIncomplete(missing) : undefined
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

async function findContent(
  ports: GrantPorts,
  request: FirstGrantRequest,
): Promise<SecretContent | undefined> {
  try {
    return parseContent(await ports.secrets.get(request.secret.secretId, request.secret.versionId))
  } catch (error) {
    if (error instanceof SecretNotFoundError) return undefined
    throw error
  }
}

function firstWay(
  kind: 'client-credentials' | 'jwt-bearer' | 'authorization-code',
  { setup }: SecretContent,
  scopes: readonly string[],
): TokenRequest['grant'] {
  if (kind !== 'authorization-code') return { kind }
  const { code, redirect_uri: redirectUri, code_verifier: codeVerifier } = setup
  return {
    kind,
    code: new SecretText(String(code)),
    ...(typeof redirectUri === 'string' ? { redirectUri } : {}),
    ...(typeof codeVerifier === 'string' ? { codeVerifier: new SecretText(codeVerifier) } : {}),
    scopes,
  }
}

interface Answer {
  readonly content: SecretContent
  readonly oauthAppId: string | undefined
}

/**
 * A grant that was not stored would live on at the provider with nobody to end it: it is revoked, best effort. One
 * that may have been stored is left to its rescue item, which knows by then.
 */
async function storeOrRevoke(ports: GrantPorts, request: FirstGrantRequest, answer: Answer): Promise<string> {
  try {
    return await storeAnswer(ports, request, answer)
  } catch (error) {
    if (error instanceof StoredPerhaps) throw error.cause
    try {
      await revokeGrants(ports, request, answer.content)
    } catch (failure) {
      ports.log.error('a new grant was neither stored nor revoked', {
        connection_id: request.id,
        ...errorFields(failure),
      })
    }
    throw error
  }
}

/** The store did not say whether it stored the answer. */
class StoredPerhaps extends Error {
  override readonly name = 'StoredPerhaps'
}

async function storeAnswer(ports: GrantPorts, request: FirstGrantRequest, answer: Answer): Promise<string> {
  const { secretId, generation } = request.secret
  const versionId = request.answerVersionId
  const rescue = {
    kind: 'rescue',
    tenant: request.tenant,
    connectionId: request.id,
    appId: request.appId,
    setupType: request.setupType,
    setupDigest: request.setupDigest,
    authorization: request.authorization,
    oauthAppId: answer.oauthAppId,
    secretId,
    generation,
    versionId,
    grantNames: Object.keys(answer.content.grants ?? { [MAIN_GRANT]: undefined }),
    replaces: {},
  } as const
  // The rescue item goes first: without a version to rescue it is nothing, a version without it would be nobody's.
  await ports.items.transact([rescueWrite(rescue, ports.clock.nowMs() + INTENT_DEADLINE_MS)])
  try {
    return (await ports.secrets.put(secretId, versionId, sealableContent(answer.content))).versionId
  } catch (error) {
    const isUnknown = error instanceof StoreUnavailableError && error.outcome === 'unknown'
    throw isUnknown ? new StoredPerhaps('the outcome of a put is unknown', { cause: error }) : error
  }
}
