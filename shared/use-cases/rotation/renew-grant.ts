import { calledHost } from '../../connectors/catalogue-host.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import { defined } from '../../domain/defined.ts'
import { mayAskBesideOriginal, STORE_RESTORED } from '../../domain/restored-store.ts'
import { remainingMs } from '../../domain/rotation-policy.ts'
import type { RotationCause, RotationResult } from '../../ports/grant-runner.ts'
import type { TokenOutcome } from '../../ports/oauth-client.ts'
import type { ReportedOutcome } from '../../ports/provider-breaker.ts'
import { type Answer, askProvider, type Question, type Way, wayFor } from '../grants/ask-provider.ts'
import { type CodeClaim, claimCode } from '../grants/code-claim.ts'
import { findEffectiveSetup } from '../grants/effective-setup.ts'
import { type FailureReason, failureBecause } from '../grants/failure.ts'
import type { GrantPorts } from '../grants/grant-ports.ts'
import { scopesToAsk } from '../grants/grant-records.ts'
import type { HeldConnection, MintedConnection } from '../grants/minted-connection.ts'
import { postponeRow } from '../grants/postpone-rotation.ts'
import { findCurrentTokens, prepareSeals } from '../grants/sealed-tokens.ts'
import { adoptWaiting } from '../grants/settle-rescue.ts'
import { findApplicationClient } from '../oauth-applications/oauth-application.ts'
import { commitFailure, failureFor, reread } from './commit-failure.ts'
import { keepRenewal } from './keep-renewal.ts'
import { nameAccount } from './name-account.ts'
import { type DecidedAt, takeAttempt } from './take-attempt.ts'

/** RFC 6749 §4.1.2 recommends that a code lives ten minutes at most: an older one is not worth a request. */
const CODE_LIFE_MS = 10 * 60_000

/** Room is made in minutes, by a person or by a purge. */
const ROOM_LOOK_MS = 60_000

/** Sweeps come again by themselves; flows wait, but not for a provider that is away; a person decides alone. */
const HASTE = { due: 'later', fetch: 'now', rejected: 'now', manual: 'anyway' } as const

interface RenewalRequest {
  readonly grantName: string
  readonly cause: RotationCause
  readonly decidedAt: DecidedAt
}

/**
 * Renews one grant: has everything in hand that the answer will need, takes the permission to send, asks the provider
 * once, and keeps the answer before anything else. Every exit leaves the row saying how things stand.
 */
export async function renewGrant(
  ports: GrantPorts,
  connection: MintedConnection,
  request: RenewalRequest,
): Promise<RotationResult> {
  const { row, profile, setup } = connection
  const { cause, decidedAt, grantName } = request
  const failed = (reason: FailureReason) => commitFailure(ports, row, failureBecause(reason))
  const effective = await findEffectiveSetup(ports, row, setup)
  const found = effective && (await findCurrentTokens(ports, row))
  if (effective === undefined || found === undefined) return reread(ports, row, 'busy')
  const { values } = effective
  const old = { pointer: row.grant, tokens: found === 'missing' ? {} : found, states: row.grants ?? {} }
  const way = wayFor(profile, values, { grantName, old })
  if (way === undefined) {
    const reason = found === 'missing' ? 'grant_missing' : whyNoWay(row, request)
    return reason === undefined ? { kind: 'nothing', row } : failed(reason)
  }
  if (way.kind === 'authorization-code' && isCodeTooOld(row, decidedAt.nowMs)) return failed('code_expired')
  const application = await findApplicationClient(ports, row, profile, effective)
  if (application === undefined) return failed('no_oauth_application')
  // Where the provider refused this very client lately no grant of it is worth a request; a person decides alone.
  const isRefused = row.failure?.class === 'app-broken' && row.failure.application === application.stateName
  if (isRefused && isPaused(row, decidedAt) && cause !== 'manual') return lookAgain(ports, row, cause)
  if (!mayAskBesideOriginal(way, profile) && (await ports.restored.isSet())) {
    // Told once, and looked at again when that was said; a flow that comes before it hears the same.
    const isTold = row.failure?.code === STORE_RESTORED && isPaused(row, decidedAt)
    return isTold ? lookAgain(ports, row, cause) : failed('store_restored')
  }
  const question = {
    tenant: row.tenant,
    ...{ profile, setup: values, application, way, old, seals: await prepareSeals(ports, row) },
    askedScopes: row.requiredScopes ?? scopesToAsk(profile, values),
  }
  return askInTurn(ports, connection, { ...request, question })
}

/**
 * Why only a person brings a new grant, at once or before the one that works ends. Undefined where somebody asked for
 * one: that changes nothing for the worse.
 */
function whyNoWay(
  { grants }: ConnectionRow,
  { cause, decidedAt, grantName }: RenewalRequest,
): FailureReason | undefined {
  // Nobody said when this token ends: the flow's complaint is all that ever will.
  if (cause === 'rejected' && grants?.[grantName]?.expiryBasis === 'unknown') return 'token_refused'
  if (cause === 'rejected' || cause === 'manual') return undefined
  if (grants === undefined) return 'not_authorized'
  const leftMs = Math.min(...Object.values(grants).map((grant) => remainingMs(grant, decidedAt.nowMs)))
  return leftMs > 0 ? 'no_refresh_token_yet' : 'no_refresh_token'
}

function isCodeTooOld({ refreshedAtMs, createdAtMs }: ConnectionRow, nowMs: number): boolean {
  return nowMs - (refreshedAtMs ?? createdAtMs) > CODE_LIFE_MS
}

/** Whether what the row says of its failure is not to be tried again yet. */
function isPaused({ failure }: ConnectionRow, { nowMs }: DecidedAt): boolean {
  return failure?.retryAtMs !== undefined && nowMs < failure.retryAtMs
}

/** Nothing is asked, and nothing written of why: whoever waits is told, and a sweep's next look is put off. */
async function lookAgain(
  ports: GrantPorts,
  row: ConnectionRow,
  cause: RotationCause,
  failure = row.failure,
): Promise<RotationResult> {
  if (cause === 'due') return { kind: 'failed', row: await postponeRow(ports, row, failure?.retryAtMs) }
  return { kind: 'failed', row: { ...row, ...defined({ failure }) } }
}

/** With the provider's breaker and the permission to send. */
async function askInTurn(
  ports: GrantPorts,
  connection: MintedConnection,
  asking: RenewalRequest & { question: Question },
): Promise<RotationResult> {
  const { row, profile } = connection
  const { cause, question } = asking
  if (ports.hasRoom?.() === false) {
    // Told to whoever waits, and written to no row: each sweep comes again, and finds out.
    ports.log.error('asked no provider: there is no room for the answer', { connection_id: row.id })
    return {
      kind: 'failed',
      row: { ...row, failure: failureFor(ports, failureBecause('no_room'), ROOM_LOOK_MS) },
    }
  }
  const { application, setup, way } = question
  const host = calledHost(profile.tokenUrl, setup)
  const place = { tenant: row.tenant, application: application.stateName, host }
  const admission = await ports.breaker.admit(place, HASTE[cause])
  if (admission.kind === 'wait') {
    const why = failureFor(ports, failureBecause(admission.because), admission.forMs)
    const failure = { ...(row.failure ?? why), retryAtMs: why.retryAtMs }
    return lookAgain(ports, row, cause, failure)
  }
  let outcome: TokenOutcome['kind'] | 'not-asked' = 'not-asked'
  let told: ReportedOutcome = 'not-asked'
  let claim: CodeClaim | undefined
  try {
    claim = await claimOf(ports, row, way)
    if (claim !== undefined && claim.kind !== 'claimed')
      return await commitFailure(ports, row, failureBecause(claim.kind))
    const taken = await takeAttempt(ports, row, { ...asking, way })
    if (taken.kind === 'lost') return await reread(ports, row, 'busy')
    if (taken.kind === 'late')
      return await commitFailure(ports, taken.row, failureBecause('too_late_to_send'))
    const answer = await askProvider(ports, question)
    outcome = answer.kind === 'granted' ? 'granted' : answer.outcome.kind
    told = isOurs(answer) ? 'not-asked' : outcome
    return await settle(ports, { ...connection, row: taken.row }, { question, answer })
  } finally {
    // What was not asked is the same row's to ask.
    if (claim?.kind === 'claimed' && outcome !== 'not-asked') await claim.end(outcome)
    await admission.report(told)
  }
}

/**
 * Whether a request failed before anything of the provider was met: it could not be built, or found no place among the
 * tenant's own calls. Other tenants, who ask the same host, are not stopped for that.
 */
function isOurs(answer: Answer): boolean {
  if (answer.kind !== 'failed' || answer.outcome.kind !== 'not-sent') return false
  return answer.outcome.code === 'invalid_request' || answer.outcome.code === 'too_many_calls'
}

/** A code that waits in the setup may be brought once more meanwhile: who sends it first says so to the others. */
async function claimOf(ports: GrantPorts, row: ConnectionRow, way: Way): Promise<CodeClaim | undefined> {
  if (way.kind !== 'authorization-code') return undefined
  const { appId, authorization: op = row.id, tenant } = row
  return claimCode(ports, { tenant, appId, code: way.code, op }, { waitMs: 0 })
}

async function settle(
  ports: GrantPorts,
  held: HeldConnection,
  { answer, question }: { answer: Answer; question: Question },
): Promise<RotationResult> {
  const { row } = held
  if (answer.kind === 'granted') {
    const result = await keepRenewal(ports, held, { question, brought: answer })
    return nameAccount(ports, held, { question, granted: answer, result })
  }
  const { failure, kept } = answer
  // A token that was sent before may be refused, by whatever code, because it had been renewed: that answer may wait.
  const isRefused = failure.next === 'end' || failure.next === 'retry-seldom'
  if (isRefused && (await adoptWaiting(ports, row))) return reread(ports, row, 'rotated')
  if (kept !== undefined) return keepRenewal(ports, held, { question, brought: kept, failure })
  return commitFailure(ports, row, failure)
}
