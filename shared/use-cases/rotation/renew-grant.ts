import { catalogueHost } from '../../connectors/catalogue-host.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import { PROVIDER_TIMEOUT_MS, remainingMs } from '../../domain/rotation-policy.ts'
import { SecretText } from '../../domain/secret-text.ts'
import type { FailureTold, RotationCause, RotationResult } from '../../ports/grant-runner.ts'
import type { TokenOutcome, TokenRequest } from '../../ports/oauth-client.ts'
import { findConnection } from '../commit/connection-rows.ts'
import { findCurrentContent } from '../commit/current-content.ts'
import type { SecretContent } from '../commit/secret-content.ts'
import { adoptAnswer, findAnswer } from '../grants/adopt-answer.ts'
import { failureBecause, failureOf } from '../grants/failure.ts'
import type { GrantPorts } from '../grants/grant-ports.ts'
import { scopesToAsk } from '../grants/grant-records.ts'
import type { HeldConnection, MintedConnection } from '../grants/minted-connection.ts'
import { postponeRow } from '../grants/postpone-rotation.ts'
import { type ApplicationClient, findApplicationClient } from '../oauth-applications/oauth-application.ts'
import { commitFailure } from './commit-failure.ts'
import { commitGrants } from './commit-grants.ts'
import { rescuesOfEarlier } from './rescue-grant.ts'
import { type DecidedAt, takeAttempt } from './take-attempt.ts'

/** RFC 6749 §4.1.2 recommends that a code lives ten minutes at most: an older one is not worth a request. */
const CODE_LIFE_MS = 10 * 60_000

/** A client that was refused is tried again this seldom although nothing of it changed: its provider may have. */
const STOPPED_RETRY_MS = 60 * 60_000
/** How often a row that waits for its application to change is looked at; no provider is asked. */
const STOPPED_CHECK_MS = 10 * 60_000

/** Sweeps come again by themselves; flows wait, but not for a provider that is away; a person decides alone. */
const HASTE = { due: 'later', fetch: 'now', rejected: 'now', manual: 'anyway' } as const

/** How a new access token is asked for. */
type Way = TokenRequest['grant']

/**
 * Renews one grant: takes the permission to send in one conditional write, asks the provider once,
 * stores the answer before anything else, and commits it. Every exit leaves the row saying how things stand.
 */
export async function renewGrant(
  ports: GrantPorts,
  connection: MintedConnection,
  request: { grantName: string; cause: RotationCause; decidedAt: DecidedAt },
): Promise<RotationResult> {
  const { row, profile } = connection
  const content = await findCurrentContent(ports, row)
  if (content === undefined) return busyOrGone(ports, row)
  const application = await findApplicationClient(ports, row, profile, content.setup)
  const way = wayToRenew(connection, content, request.grantName)
  // Nobody said when this token ends: the flow's complaint is all that ever will.
  if (
    way === undefined &&
    request.cause === 'rejected' &&
    row.grants?.[request.grantName]?.expiryBasis === 'unknown'
  ) {
    const told = { failure: failureBecause('refused-by-service'), application: undefined }
    return { kind: 'failed', row: await commitFailure(ports, row, told) }
  }
  // Where only a person can bring a new credential, asking for one changes nothing for the worse.
  if (way === undefined && (request.cause === 'manual' || request.cause === 'rejected')) {
    return { kind: 'nothing', row }
  }
  const { nowMs } = request.decidedAt
  if (application !== undefined && request.cause !== 'manual' && isStopped(row, application, nowMs)) {
    return lookAgain(ports, row, { cause: request.cause, afterMs: STOPPED_CHECK_MS })
  }
  const refusal = whyNotNow(connection, { application, way, nowMs })
  if (refusal !== undefined || application === undefined || way === undefined) {
    const told = { failure: refusal ?? failureBecause('no-application'), application: application?.stateName }
    return { kind: 'failed', row: await commitFailure(ports, row, told) }
  }
  return askProvider(ports, connection, { ...request, content, application, way })
}

/** What a token request is made of. */
interface Asking {
  readonly grantName: string
  readonly cause: RotationCause
  readonly decidedAt: DecidedAt
  readonly content: SecretContent
  readonly application: ApplicationClient & { oauthAppId?: string }
  readonly way: Way
}

/** Nothing is asked now, and the connection itself has not failed: only a sweep's next look is put off. */
async function lookAgain(
  ports: GrantPorts,
  row: MintedConnection['row'],
  later: { cause: RotationCause; afterMs: number },
): Promise<RotationResult> {
  if (later.cause !== 'due') return { kind: 'failed', row }
  const atMs = ports.clock.nowMs() + later.afterMs
  return { kind: 'failed', row: await postponeRow(ports, row, { kind: 'at', atMs }) }
}

async function askProvider(
  ports: GrantPorts,
  connection: MintedConnection,
  asking: Asking,
): Promise<RotationResult> {
  const { row, profile } = connection
  const { application, content, cause } = asking
  const host = catalogueHost(profile.tokenUrl, content.setup)
  const admission = ports.breaker.admit(
    { tenant: row.tenant, application: application.stateName, host },
    HASTE[cause],
  )
  if (admission.kind === 'wait') return lookAgain(ports, row, { cause, afterMs: admission.forMs })
  let outcome: TokenOutcome['kind'] | 'not-asked' = 'not-asked'
  try {
    const taken = await takeAttempt(ports, row, asking)
    if (taken.kind === 'lost') return await busyOrGone(ports, row)
    if (taken.kind === 'late') {
      const told = { failure: failureBecause('too-late-to-send'), application: undefined }
      return { kind: 'failed', row: await commitFailure(ports, taken.row, told) }
    }
    const answer = await send(ports, { ...connection, row: taken.row }, asking)
    outcome = answer.outcome.kind
    return await settle(ports, { ...connection, row: taken.row }, { ...asking, ...answer })
  } finally {
    admission.report(outcome)
  }
}

function wayToRenew(
  { row, profile }: MintedConnection,
  content: SecretContent,
  grantName: string,
): Way | undefined {
  const grant = content.grants?.[grantName]
  if (grant?.refresh_token !== undefined) {
    return {
      kind: 'refresh-token',
      refreshToken: new SecretText(grant.refresh_token),
      grantName,
      extra: grant.extra,
      ...(grant.scopes === undefined ? {} : { granted: grant.scopes }),
    }
  }
  if (profile.kind !== 'authorization-code') return { kind: profile.kind }
  const { code, redirect_uri: redirectUri, code_verifier: codeVerifier } = content.setup
  if (grant !== undefined || row.grants !== undefined || typeof code !== 'string') return undefined
  return {
    kind: 'authorization-code',
    code: new SecretText(code),
    ...(typeof redirectUri === 'string' ? { redirectUri } : {}),
    ...(typeof codeVerifier === 'string' ? { codeVerifier: new SecretText(codeVerifier) } : {}),
    scopes: scopesToAsk(profile, content.setup),
  }
}

/** What stands in the way of sending anything; undefined when nothing does. */
function whyNotNow(
  { row }: MintedConnection,
  facts: {
    application: ApplicationClient | undefined
    way: Way | undefined
    nowMs: number
  },
) {
  if (facts.way === undefined) {
    if (row.grants === undefined) return failureBecause('not-authorized')
    const leftMs = Math.min(
      ...Object.values(row.grants ?? {}).map((grant) => remainingMs(grant, facts.nowMs)),
    )
    return failureBecause(leftMs > 0 ? 'not-renewable-yet' : 'not-renewable')
  }
  const codeAgeMs = facts.nowMs - (row.refreshedAtMs ?? row.createdAtMs)
  if (facts.way.kind === 'authorization-code' && codeAgeMs > CODE_LIFE_MS)
    return failureBecause('code-too-old')
  return facts.application === undefined ? failureBecause('no-application') : undefined
}

/** Whether the provider refused this very client lately: then no grant of it is worth a request. */
function isStopped({ failure }: ConnectionRow, application: ApplicationClient, nowMs: number): boolean {
  if (failure?.class !== 'app-broken' || failure.application !== application.stateName) return false
  return nowMs - failure.lastAtMs < STOPPED_RETRY_MS
}

async function busyOrGone(ports: GrantPorts, row: ConnectionRow): Promise<RotationResult> {
  const current = await findConnection(ports, row.tenant, row.id)
  return current === undefined ? { kind: 'gone' } : { kind: 'busy', row: current }
}

interface Answered {
  readonly outcome: TokenOutcome
  readonly issuedAtMs: number
  readonly askedScopes: readonly string[]
}

async function send(
  ports: GrantPorts,
  { row, profile }: MintedConnection,
  { content, application, way }: Asking,
): Promise<Answered> {
  // A token's life counts from before the request, or a slow answer would make it look longer than it is.
  const issuedAtMs = ports.clock.nowMs()
  const askedScopes = row.requiredScopes ?? scopesToAsk(profile, content.setup)
  const outcome = await ports.oauth.requestToken({
    profile,
    setup: new SecretText(JSON.stringify(content.setup)),
    client: application.client,
    grant: way,
    scopes: askedScopes,
    timeoutMs: PROVIDER_TIMEOUT_MS,
  })
  return { outcome, issuedAtMs, askedScopes }
}

async function settle(
  ports: GrantPorts,
  held: HeldConnection,
  { outcome, way, application, ...answer }: Asking & Answered,
): Promise<RotationResult> {
  if (outcome.kind !== 'granted') {
    const failure = failureOf(outcome, {
      way: way.kind,
      kind: held.profile.kind,
      client: held.profile.client.from,
    })
    return settleFailure(ports, held, { failure, application: application.stateName })
  }
  return commitGrants(ports, held, {
    ...answer,
    minted: outcome.grants,
    oauthAppId: application.oauthAppId,
  })
}

async function settleFailure(
  ports: GrantPorts,
  held: HeldConnection,
  told: { failure: FailureTold; application: string },
): Promise<RotationResult> {
  if (told.failure.next !== 'end') return { kind: 'failed', row: await commitFailure(ports, held.row, told) }
  // A token that was sent before may be dead because it had been renewed: then the answer may have come since.
  const answer = await findAnswer(ports, held.row)
  const adopted = answer === undefined ? undefined : await adoptAnswer(ports, held, answer)
  if (adopted !== undefined) return { kind: 'rotated', row: adopted }
  const beside = rescuesOfEarlier(held.row, ports.clock.nowMs())
  return { kind: 'failed', row: await commitFailure(ports, held.row, { ...told, beside }) }
}
