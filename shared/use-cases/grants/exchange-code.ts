import { findConnector, findSetup } from '../../connectors/catalogue.ts'
import type { Setup } from '../../connectors/connector.ts'
import type { Account } from '../../domain/account.ts'
import type { ChangeEventType } from '../../domain/change-event.ts'
import { chosenProfile } from '../../domain/chosen-profile.ts'
import type { ConnectionRow, SecretPointer } from '../../domain/connection.ts'
import { VaultError } from '../../domain/errors.ts'
import type { StoredGrant } from '../../domain/grant.ts'
import type { GrantProfile } from '../../domain/grant-profile.ts'
import { newUuid } from '../../domain/ids.ts'
import type { JsonObject } from '../../domain/json.ts'
import { connectionDueAtMs, PROVIDER_TIMEOUT_MS } from '../../domain/rotation-policy.ts'
import { SecretText } from '../../domain/secret-text.ts'
import { errorFields } from '../../ports/error-fields.ts'
import type { ExchangeRequest, ExchangeResult, FailureTold } from '../../ports/grant-runner.ts'
import { ConditionFailedError } from '../../ports/item-store.ts'
import type { MintedGrant } from '../../ports/oauth-client.ts'
import { SecretNotFoundError } from '../../ports/secret-store.ts'
import { changeConnection, type VisibleChange } from '../commit/change-connection.ts'
import { commitSecret } from '../commit/commit-protocol.ts'
import { findConnection, fingerprintOf, getConnection } from '../commit/connection-rows.ts'
import { findCurrentContent } from '../commit/current-content.ts'
import { discardReplaced } from '../commit/discard-version.ts'
import { closeIntent, INTENT_DEADLINE_MS, type Intent } from '../commit/intent.ts'
import { isSealable, sealableContent } from '../commit/secret-content.ts'
import { placeForSecret } from '../commit/secret-place.ts'
import { findApplicationClient } from '../oauth-applications/oauth-application.ts'
import { otherAccountThan } from './expected-account.ts'
import { failureBecause, failureOf } from './failure.ts'
import { withoutUsedCode } from './grant-change.ts'
import type { GrantPorts } from './grant-ports.ts'
import { mergeGrant, statesOfGrants, statusWithGrant } from './grant-records.ts'
import { noteFailedAuthorization } from './note-failed-authorization.ts'
import { dueMembers } from './postpone-rotation.ts'
import { revokeGrants } from './revoke-grants.ts'

/** A code is good once, so its grant is worth a second try: two authorizations at a time are already rare. */
const MAX_PLACE_TRIES = 3

const SETUP_REPLACED: FailureTold = {
  class: 'refused',
  code: 'setup_replaced',
  message: 'The connection was given another setup meanwhile. Authorize it again.',
  next: 'stop',
}

/** A browser waits for the one answer a code is good for. */
const BY_CODE_ONCE = { way: 'authorization-code', kind: 'authorization-code', once: true } as const

class SetupReplacedError extends Error {
  override readonly name = 'SetupReplacedError'
}

/** What an exchange works on: the connection, and the setup it is authorized with. */
interface Authorizing {
  readonly row: ConnectionRow
  readonly setup: Setup
  readonly profile: GrantProfile
  readonly values: JsonObject
}

/**
 * Exchanges the code of a consumed state and puts the grant in the place of the connection's old one, with the
 * same id: flows go on. The old grant is not revoked upstream: at providers that revoke by user and client, that
 * would end the new one too.
 */
export async function exchangeCode(ports: GrantPorts, request: ExchangeRequest): Promise<ExchangeResult> {
  const row = await findConnection(ports, request.tenant, request.id)
  const setup = row === undefined ? undefined : findSetup(findConnector(row.appId)!, request.setupType)
  if (row === undefined || setup?.grant === undefined) return { kind: 'gone' }
  const values = await setupValues(ports, row, setup)
  const authorizing: Authorizing = { row, setup, profile: setup.grant, values }
  const withApplication = request.oauthAppId === undefined ? row : { ...row, oauthAppId: request.oauthAppId }
  const application = await findApplicationClient(ports, withApplication, setup.grant, values)
  if (application === undefined) return failed(ports, row, failureBecause('no-application'))
  const issuedAtMs = ports.clock.nowMs()
  const outcome = await ports.oauth.requestToken({
    profile: setup.grant,
    setup: new SecretText(JSON.stringify(values)),
    client: application.client,
    grant: {
      kind: 'authorization-code',
      code: request.code,
      redirectUri: request.redirectUri,
      ...(chosenProfile(setup.grant, values).pkce === 'S256'
        ? { codeVerifier: await codeVerifierOf(ports, request.state) }
        : {}),
      scopes: request.scopes,
      ...(request.callback === undefined ? {} : { callback: request.callback }),
    },
    scopes: request.scopes,
    timeoutMs: PROVIDER_TIMEOUT_MS,
  })
  if (outcome.kind !== 'granted') {
    return failed(ports, row, failureOf(outcome, { ...BY_CODE_ONCE, client: setup.grant.client.from }))
  }
  const expected = otherAccountThan(row, request, outcome.account)
  // The grant is forgotten and not revoked: that would end what the same client holds for the same person.
  if (expected !== undefined) return { kind: 'other-account', account: outcome.account, expected }
  const grants = storedGrants(outcome.grants, {
    profile: setup.grant,
    issuedAtMs,
    askedScopes: request.scopes,
  })
  if (!isSealable({ setup: withoutUsedCode(values), grants })) {
    await revokeUnwanted(ports, authorizing, grants)
    return failed(ports, row, failureBecause('answer-too-large'))
  }
  try {
    const connected = await commitAuthorization(ports, authorizing, {
      grants,
      requiredScopes: request.scopes,
      oauthAppId: application.oauthAppId,
      account: outcome.account,
    })
    return { kind: 'connected', row: connected }
  } catch (error) {
    const unwanted = unwantedBecause(error)
    if (unwanted === undefined) throw error
    await revokeUnwanted(ports, authorizing, grants)
    return unwanted
  }
}

function storedGrants(
  minted: Readonly<Record<string, MintedGrant>>,
  facts: Parameters<typeof mergeGrant>[2],
): Record<string, StoredGrant> {
  return Object.fromEntries(
    Object.entries(minted).map(([name, grant]) => [name, mergeGrant(undefined, grant, facts)]),
  )
}

async function failed(ports: GrantPorts, row: ConnectionRow, failure: FailureTold): Promise<ExchangeResult> {
  await noteFailedAuthorization(ports, row, failure)
  return { kind: 'failed', failure }
}

/** Nobody is left to use the grant: the connection is gone, or was given another setup while the provider answered. */
function unwantedBecause(error: unknown): Exclude<ExchangeResult, { kind: 'connected' }> | undefined {
  const isGone = error instanceof VaultError && error.code === 'not-found'
  if (isGone || error instanceof SecretNotFoundError) return { kind: 'gone' }
  return error instanceof SetupReplacedError ? { kind: 'failed', failure: SETUP_REPLACED } : undefined
}

async function revokeUnwanted(
  ports: GrantPorts,
  { row, setup, values }: Authorizing,
  grants: Record<string, StoredGrant>,
): Promise<void> {
  try {
    await revokeGrants(ports, { ...row, setupType: setup.type }, { setup: values, grants })
  } catch (error) {
    ports.log.warn('could not revoke a grant that nobody uses', {
      connection_id: row.id,
      ...errorFields(error),
    })
  }
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
export async function setupValues(ports: GrantPorts, row: ConnectionRow, setup: Setup): Promise<JsonObject> {
  const { secret } = row
  if (secret === undefined || row.setupType !== setup.type) return { type: setup.type }
  const content = await findCurrentContent(ports, { ...row, secret })
  if (content !== undefined) return content.setup
  return setupValues(ports, await getConnection(ports, row.tenant, row.id), setup)
}

async function commitAuthorization(
  ports: GrantPorts,
  { row, setup, values }: Authorizing,
  minted: {
    grants: Record<string, StoredGrant>
    requiredScopes: readonly string[]
    oauthAppId: string | undefined
    account: Account | undefined
  },
): Promise<ConnectionRow> {
  const digest = await bareDigest(ports, row, setup)
  let connected: ConnectionRow | undefined
  let replaced = row
  const secret = await putBesideRow(ports, row, {
    value: sealableContent({ setup: withoutUsedCode(values), grants: minted.grants }),
    commit: async (secret, intent) => {
      connected = await changeConnection(ports, row, (current) => {
        replaced = current
        if (![row.setupDigest, digest].includes(current.setupDigest)) throw new SetupReplacedError()
        return authorizedChange(ports, current, { setup, secret, intent, digest, ...minted })
      })
    },
  })
  if (replaced.secret !== undefined) await discardReplaced(ports, replaced.secret, secret)
  return connected ?? getConnection(ports, row.tenant, row.id)
}

/** Another operation may reserve the same new name first: then the row is read again, and the next name taken. */
async function putBesideRow(
  ports: GrantPorts,
  row: ConnectionRow,
  plan: { value: SecretText; commit(secret: SecretPointer, intent: Intent): Promise<void> },
): Promise<SecretPointer> {
  let current = row
  for (let tries = 1; ; tries++) {
    const { secretId, generation, newSecret, reserve } = placeForSecret(current)
    const intent: Intent = {
      kind: 'update',
      tenant: row.tenant,
      ownerId: row.id,
      op: newUuid(ports.random),
      secretId,
      newSecret,
      deadlineAtMs: ports.clock.nowMs() + INTENT_DEADLINE_MS,
    }
    try {
      return await commitSecret(ports, {
        intent,
        generation,
        besideIntent: reserve,
        value: plan.value,
        commit: (secret) => plan.commit(secret, intent),
      })
    } catch (error) {
      if (!(error instanceof ConditionFailedError) || tries === MAX_PLACE_TRIES) throw error
      current = await getConnection(ports, row.tenant, row.id)
    }
  }
}

/** The digest of the setup that is authorized: the stored one keeps its own, a bare one gets that of `{type}`. */
async function bareDigest(ports: GrantPorts, row: ConnectionRow, setup: Setup): Promise<string> {
  if (row.setupDigest !== undefined && row.setupType === setup.type) return row.setupDigest
  return ports.digester.digest(
    'setup',
    new SecretText(`${row.appId}\n${JSON.stringify({ type: setup.type })}`),
  )
}

function authorizedChange(
  ports: GrantPorts,
  current: ConnectionRow,
  to: {
    setup: Setup
    secret: SecretPointer
    intent: Intent
    digest: string
    grants: Record<string, StoredGrant>
    requiredScopes: readonly string[]
    oauthAppId: string | undefined
    account: Account | undefined
  },
): VisibleChange {
  const grants = statesOfGrants(to.grants)
  const { requiredScopes } = to
  const standing = statusWithGrant(to.setup, { requiredScopes, grants })
  return {
    members: {
      ...standing,
      setupType: to.setup.type,
      setupDigest: to.digest,
      fingerprint: fingerprintOf({ id: current.id, name: current.name, setupDigest: to.digest }),
      secret: to.secret,
      generations: Math.max(current.generations, to.secret.generation),
      grants,
      requiredScopes,
      oauthAppId: to.oauthAppId,
      account: to.account,
      authorization: (current.authorization ?? 0) + 1,
      credentialVersion: current.credentialVersion + 1,
      refreshedAtMs: ports.clock.nowMs(),
      // The fence rises, so that a rotation of the old grant that is under way cannot commit over the new one.
      fence: current.fence + 1,
      attempt: undefined,
      failure: undefined,
      warnedRefreshExpiryMs: undefined,
      ...dueMembers(current.id, connectionDueAtMs({ id: current.id, grants })),
    },
    event: { type: eventTypeOf(current.status, standing.status), changed: ['authorization', 'credentials'] },
    beside: [closeIntent(to.intent)],
  }
}

function eventTypeOf(before: ConnectionRow['status'], after: ConnectionRow['status']): ChangeEventType {
  if (after === 'degraded' && before !== 'degraded') return 'connection.degraded'
  const wasBroken = before === 'reauthorization_required' || before === 'degraded'
  return wasBroken && after === 'ready' ? 'connection.recovered' : 'connection.updated'
}
