import type { ConnectionRow } from '../domain/connection.ts'
import { newUuid } from '../domain/ids.ts'
import { connectionKey } from '../domain/keys.ts'
import type { RotationAttempt } from '../domain/rotation.ts'
import { LEASE_MS, PROVIDER_TIMEOUT_MS, remainingMs } from '../domain/rotation-policy.ts'
import { SecretText } from '../domain/secret-text.ts'
import type { FailureTold, RotationCause, RotationResult } from '../ports/grant-runner.ts'
import { type Condition, ConditionFailedError, StoreUnavailableError } from '../ports/item-store.ts'
import type { TokenRequest } from '../ports/oauth-client.ts'
import { SecretNotFoundError } from '../ports/secret-store.ts'
import type { SecretContent } from './accept-setup.ts'
import { adoptAnswer, findAnswer } from './adopt-answer.ts'
import { commitFailure, failureFor } from './commit-failure.ts'
import { commitGrants } from './commit-grants.ts'
import { findConnection } from './connection-rows.ts'
import type { GrantPorts } from './grant-ports.ts'
import { scopesToAsk } from './grant-records.ts'
import { type ApplicationClient, findApplicationClient } from './oauth-application.ts'
import { postponeRow } from './postpone-rotation.ts'
import { type MintedConnection, mintedConnection } from './rotate-connection.ts'

/** RFC 6749 §4.1.2 recommends that a code lives ten minutes at most: an older one is not worth a request. */
const CODE_LIFE_MS = 10 * 60_000

/**
 * A permission that comes later than this after it was asked for is not used: the lease must still cover the
 * request and the storing of its answer, and others have begun to count the holder as gone.
 */
const MAX_WAIT_TO_SEND_MS = 15_000
/** A client that was refused is tried again this seldom although nothing of it changed: its provider may have. */
const STOPPED_RETRY_MS = 60 * 60_000
/** How often a row that waits for its application to change is looked at; no provider is asked. */
const STOPPED_CHECK_MS = 10 * 60_000

/** Resends are a lease apart at least: whoever sent before the last eight is long gone. */
const MAX_EARLIER_ANSWERS = 8

/** How a new access token is asked for. */
type Way = TokenRequest['grant']

/**
 * Renews one grant: takes the lease and the permission to send in one conditional write, asks the provider once,
 * stores the answer before anything else, and commits it. Every exit leaves the row saying how things stand.
 */
export async function renewGrant(
  ports: GrantPorts,
  connection: MintedConnection,
  request: { grantName: string; cause: RotationCause },
): Promise<RotationResult> {
  const { row, profile } = connection
  const content = await findContent(ports, row)
  if (content === undefined) return busyOrGone(ports, row)
  const application = await findApplicationClient(ports, row, profile, content.setup)
  const way = wayToRenew(connection, content, request.grantName)
  // Where only a person can bring a new credential, asking for one changes nothing for the worse.
  if (way === undefined && (request.cause === 'manual' || request.cause === 'rejected')) {
    return { kind: 'nothing', row }
  }
  const nowMs = ports.clock.nowMs()
  if (application !== undefined && request.cause !== 'manual' && isStopped(row, application, nowMs)) {
    return {
      kind: 'failed',
      row: await postponeRow(ports, row, { kind: 'at', atMs: nowMs + STOPPED_CHECK_MS }),
    }
  }
  const refusal = whyNotNow(connection, { application, way, nowMs })
  if (refusal !== undefined) {
    return {
      kind: 'failed',
      row: await commitFailure(ports, row, { failure: refusal, application: application?.stateName }),
    }
  }
  const attempt = await attemptFor(ports, row, way!, request.grantName)
  const askedAtMs = ports.clock.monotonicMs()
  const leased = await takeLease(ports, row, attempt)
  if (leased === undefined) return busyOrGone(ports, row)
  const waitedMs = Math.max(ports.clock.monotonicMs() - askedAtMs, ports.clock.nowMs() - attempt.startedAtMs)
  if (waitedMs > MAX_WAIT_TO_SEND_MS) {
    const unsent = { failure: failureFor('too-late-to-send'), application: undefined }
    return { kind: 'failed', row: await commitFailure(ports, leased, unsent) }
  }
  return sendAndSettle(
    ports,
    { ...connection, row: leased },
    { content, application: application!, way: way! },
  )
}

/** What the row points at; undefined when it has moved on since it was read. */
async function findContent(
  ports: GrantPorts,
  row: MintedConnection['row'],
): Promise<SecretContent | undefined> {
  try {
    return (await ports.opened.open(row.secret)).content
  } catch (error) {
    if (!(error instanceof SecretNotFoundError)) throw error
    const current = await findConnection(ports, row.tenant, row.id)
    if (current?.secret?.versionId !== row.secret.versionId) return undefined
    throw error
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
    if (row.grants === undefined) return failureFor('not-authorized')
    const leftMs = Math.min(
      ...Object.values(row.grants ?? {}).map((grant) => remainingMs(grant, facts.nowMs)),
    )
    return failureFor(leftMs > 0 ? 'not-renewable-yet' : 'not-renewable')
  }
  const codeAgeMs = facts.nowMs - (row.refreshedAtMs ?? row.createdAtMs)
  if (facts.way.kind === 'authorization-code' && codeAgeMs > CODE_LIFE_MS) return failureFor('code-too-old')
  return facts.application === undefined ? failureFor('no-application') : undefined
}

/** Whether the provider refused this very client lately: then no grant of it is worth a request. */
function isStopped({ failure }: ConnectionRow, application: ApplicationClient, nowMs: number): boolean {
  if (failure?.class !== 'app-broken' || failure.application !== application.stateName) return false
  return nowMs - failure.lastAtMs < STOPPED_RETRY_MS
}

async function attemptFor(
  ports: GrantPorts,
  row: MintedConnection['row'],
  way: Way,
  grantName: string,
): Promise<RotationAttempt> {
  const token =
    way.kind === 'refresh-token' ? way.refreshToken : way.kind === 'authorization-code' ? way.code : undefined
  return {
    fence: row.fence + 1,
    grantName,
    secretVersionId: row.secret.versionId,
    ...(token === undefined
      ? {}
      : { refreshTokenDigest: await ports.digester.digest('refresh-token', token) }),
    startedAtMs: ports.clock.nowMs(),
    answerVersionId: newUuid(ports.random),
    sent: (row.attempt?.sent ?? 0) + 1,
    ...earlierOf(row.attempt),
  }
}

/** The attempt that is followed, with those before it: their senders may still store an answer. */
function earlierOf(attempt: RotationAttempt | undefined): Pick<RotationAttempt, 'earlier'> {
  if (attempt?.unknownAtMs === undefined) return {}
  const { answerVersionId, earlier, unknownAtMs } = attempt
  const answerVersionIds = [answerVersionId, ...(earlier?.answerVersionIds ?? [])].slice(
    0,
    MAX_EARLIER_ANSWERS,
  )
  return { earlier: { unknownAtMs: earlier?.unknownAtMs ?? unknownAtMs, answerVersionIds } }
}

/**
 * The lease and the permission to send, in one write: nobody holds the lease, the pointer is the one whose token
 * will be sent, and no other attempt stands. Undefined when any of it is not so.
 */
async function takeLease(
  ports: GrantPorts,
  row: MintedConnection['row'],
  attempt: RotationAttempt,
): Promise<MintedConnection['row'] | undefined> {
  const lease = { owner: ports.owner, untilMs: attempt.startedAtMs + LEASE_MS, fence: attempt.fence }
  const conditions: Condition[] = [
    { kind: 'equals', attribute: 'fence', value: row.fence },
    { kind: 'absent-or-at-most', attribute: 'lease.untilMs', value: attempt.startedAtMs },
    { kind: 'equals', attribute: 'secret.versionId', value: row.secret.versionId },
    // A known attempt of unknown outcome may be followed, when settle-attempt found that it may be sent again.
    row.attempt === undefined
      ? { kind: 'absent', attribute: 'attempt' }
      : { kind: 'equals', attribute: 'attempt.fence', value: row.attempt.fence },
  ]
  try {
    await ports.items.transact([
      {
        op: 'update',
        key: connectionKey(row.tenant, row.id),
        set: { lease, attempt: { ...attempt }, fence: attempt.fence },
        when: conditions,
      },
    ])
    return { ...row, lease, attempt, fence: attempt.fence }
  } catch (error) {
    if (error instanceof ConditionFailedError) return undefined
    if (!(error instanceof StoreUnavailableError) || error.outcome === 'not-applied') throw error
    // Reading it back spares the grant from an attempt that stands there and was never sent.
    const current = await findConnection(ports, row.tenant, row.id)
    if (current?.attempt?.answerVersionId !== attempt.answerVersionId) throw error
    return mintedConnection(current)?.row
  }
}

async function busyOrGone(ports: GrantPorts, row: ConnectionRow): Promise<RotationResult> {
  const current = await findConnection(ports, row.tenant, row.id)
  return current === undefined ? { kind: 'gone' } : { kind: 'busy', row: current }
}

async function sendAndSettle(
  ports: GrantPorts,
  held: MintedConnection,
  facts: { content: SecretContent; application: ApplicationClient & { oauthAppId?: string }; way: Way },
): Promise<RotationResult> {
  const { row, profile } = held
  // A token's life counts from before the request, or a slow answer would make it look longer than it is.
  const issuedAtMs = ports.clock.nowMs()
  const asked = row.requiredScopes ?? scopesToAsk(profile, facts.content.setup)
  const outcome = await ports.oauth.requestToken({
    profile,
    setup: new SecretText(JSON.stringify(facts.content.setup)),
    client: facts.application.client,
    grant: facts.way,
    scopes: asked,
    timeoutMs: PROVIDER_TIMEOUT_MS,
  })
  if (outcome.kind !== 'granted') {
    const failure = failureFor(outcome, { way: facts.way.kind, kind: profile.kind })
    return settleFailure(ports, held, { failure, application: facts.application.stateName })
  }
  return commitGrants(ports, held, {
    content: facts.content,
    minted: outcome.grants,
    issuedAtMs,
    askedScopes: asked,
    oauthAppId: facts.application.oauthAppId,
  })
}

async function settleFailure(
  ports: GrantPorts,
  held: MintedConnection,
  told: { failure: FailureTold; application: string },
): Promise<RotationResult> {
  // A token that was sent before may be dead because it had been renewed: then the answer may have come since.
  const answer = told.failure.next === 'end' ? await findAnswer(ports, held.row) : undefined
  const adopted = answer === undefined ? undefined : await adoptAnswer(ports, held, answer)
  if (adopted !== undefined) return { kind: 'rotated', row: adopted }
  return { kind: 'failed', row: await commitFailure(ports, held.row, told) }
}
