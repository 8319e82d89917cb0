import { calledHost } from '../../connectors/catalogue-host.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import type { GrantProfile } from '../../domain/grant-profile.ts'
import { mayAskBesideOriginal, STORE_RESTORED } from '../../domain/restored-store.ts'
import type { RotationFailure } from '../../domain/rotation.ts'
import { remainingMs } from '../../domain/rotation-policy.ts'
import type { FailureTold, RotationCause, RotationResult } from '../../ports/grant-runner.ts'
import type { TokenOutcome } from '../../ports/oauth-client.ts'
import type { ReportedOutcome } from '../../ports/provider-breaker.ts'
import { type Answer, askProvider, type Question, type Way, wayFor } from '../grants/ask-provider.ts'
import { type CodeClaim, claimCode } from '../grants/code-claim.ts'
import { findEffectiveSetup } from '../grants/effective-setup.ts'
import { failureBecause } from '../grants/failure.ts'
import type { GrantPorts } from '../grants/grant-ports.ts'
import { scopesToAsk } from '../grants/grant-records.ts'
import type { HeldConnection, MintedConnection } from '../grants/minted-connection.ts'
import { postponeRow } from '../grants/postpone-rotation.ts'
import { findCurrentTokens, prepareSeals } from '../grants/sealed-tokens.ts'
import { adoptWaiting } from '../grants/settle-rescue.ts'
import { failureMember } from '../grants/when-again.ts'
import { type ApplicationClient, findApplicationClient } from '../oauth-applications/oauth-application.ts'
import { commitFailure, unwrittenFailure } from './commit-failure.ts'
import { keepRefreshTokens, keepRenewal } from './keep-renewal.ts'
import { nameAccount } from './name-account.ts'
import { reread } from './settle-attempt.ts'
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
  const { nowMs } = decidedAt
  const effective = await findEffectiveSetup(ports, row, setup)
  if (effective === undefined) return reread(ports, row, 'busy')
  const { values } = effective
  const found = await findCurrentTokens(ports, row)
  if (found === undefined) return reread(ports, row, 'busy')
  const old = { pointer: row.grant, tokens: found === 'missing' ? {} : found, states: row.grants ?? {} }
  const application = await findApplicationClient(ports, row, profile, effective)
  const way = wayFor(profile, values, { grantName, old })
  // What needs nobody is minted anew; a person's grant is lost.
  if (found === 'missing' && way === undefined) return failed(ports, row, failureBecause('grant-missing'))
  const isComplaint = cause === 'rejected'
  // Nobody said when this token ends: the flow's complaint is all that ever will.
  if (way === undefined && isComplaint && row.grants?.[grantName]?.expiryBasis === 'unknown')
    return failed(ports, row, failureBecause('refused-by-service'))
  // Where only a person can bring a new credential, asking for one changes nothing for the worse.
  if (way === undefined && (isComplaint || cause === 'manual')) return { kind: 'nothing', row }
  const stopped = application === undefined ? undefined : stoppedBy(row, application, nowMs)
  if (stopped !== undefined && cause !== 'manual') return lookAgain(ports, row, { cause, ...stopped })
  if (way === undefined) return failed(ports, row, whyNotRenewable(row, nowMs), application?.stateName)
  const codeAgeMs = nowMs - (row.refreshedAtMs ?? row.createdAtMs)
  if (way.kind === 'authorization-code' && codeAgeMs > CODE_LIFE_MS)
    return failed(ports, row, failureBecause('code-too-old'), application?.stateName)
  if (application === undefined) return failed(ports, row, failureBecause('no-application'))
  const openWay = await wayBesideOriginal(ports, profile, way)
  if (openWay === undefined) return leaveToOriginal(ports, row, request)
  const question = {
    tenant: row.tenant,
    ...{ profile, setup: values, application, way: openWay, old, seals: await prepareSeals(ports, row) },
    askedScopes: row.requiredScopes ?? scopesToAsk(profile, values),
  }
  return askInTurn(ports, connection, { ...request, question })
}

/** A way that takes nothing from the original of a restored store; undefined where there is none. */
async function wayBesideOriginal(
  ports: GrantPorts,
  profile: GrantProfile,
  way: Way,
): Promise<Way | undefined> {
  if (mayAskBesideOriginal(way, profile) || !(await ports.restored.isSet())) return way
  // What the setup alone can mint is minted anew.
  return profile.kind === 'authorization-code' ? undefined : { kind: profile.kind }
}

/** Told once, and looked at again when that was said; a flow that comes before it hears the same. */
async function leaveToOriginal(
  ports: GrantPorts,
  row: ConnectionRow,
  { cause, decidedAt }: RenewalRequest,
): Promise<RotationResult> {
  const { failure } = row
  const retryAtMs = failure?.code === STORE_RESTORED ? (failure.retryAtMs ?? 0) : 0
  if (failure === undefined || decidedAt.nowMs >= retryAtMs)
    return failed(ports, row, failureBecause('store-restored'))
  return lookAgain(ports, row, { cause, failure, retryAtMs })
}

/** The row says why it was not renewed. */
async function failed(
  ports: GrantPorts,
  row: ConnectionRow,
  failure: FailureTold,
  application?: string,
): Promise<RotationResult> {
  return { kind: 'failed', row: await commitFailure(ports, row, { failure, application }) }
}

/** Why nothing is asked although the connection itself has not failed, and until when. */
interface Pause {
  readonly failure: RotationFailure
  readonly retryAtMs: number
}

/** A sweep's next look is put off, and whoever waits is told why and until when: the row does not say so. */
async function lookAgain(
  ports: GrantPorts,
  row: ConnectionRow,
  { cause, failure, retryAtMs }: Pause & { readonly cause: RotationCause },
): Promise<RotationResult> {
  if (cause === 'due') return { kind: 'failed', row: await postponeRow(ports, row, retryAtMs) }
  return { kind: 'failed', row: { ...row, failure: { ...failure, retryAtMs } } }
}

/** Told to whoever waits, and written to no row: each sweep comes again, and finds out. */
function withoutRoom(ports: GrantPorts, row: ConnectionRow): RotationResult {
  ports.log.error('asked no provider: there is no room for the answer', { connection_id: row.id })
  return unwrittenFailure(ports, row, { reason: 'no-room', waitMs: ROOM_LOOK_MS })
}

/** With the provider's breaker and the permission to send. */
async function askInTurn(
  ports: GrantPorts,
  connection: MintedConnection,
  asking: RenewalRequest & { question: Question },
): Promise<RotationResult> {
  const { row, profile } = connection
  if (ports.hasRoom?.() === false) return withoutRoom(ports, row)
  const { application, setup, way } = asking.question
  const host = calledHost(profile.tokenUrl, setup)
  const admission = await ports.breaker.admit(
    { tenant: row.tenant, application: application.stateName, host },
    HASTE[asking.cause],
  )
  if (admission.kind === 'wait') {
    const nowMs = ports.clock.nowMs()
    const retryAtMs = nowMs + admission.forMs
    const why = failureMember(undefined, failureBecause(admission.because), { nowMs, retryAtMs })
    return lookAgain(ports, row, { cause: asking.cause, failure: row.failure ?? why, retryAtMs })
  }
  let outcome: TokenOutcome['kind'] | 'not-asked' = 'not-asked'
  let told: ReportedOutcome = 'not-asked'
  let claim: CodeClaim | undefined
  try {
    claim = await claimOf(ports, row, way)
    if (claim !== undefined && claim.kind !== 'claimed')
      return await failed(ports, row, failureBecause(claim.kind))
    const taken = await takeAttempt(ports, row, { ...asking, way })
    if (taken.kind === 'lost') return await reread(ports, row, 'busy')
    if (taken.kind === 'late') return await failed(ports, taken.row, failureBecause('too-late-to-send'))
    const answer = await askProvider(ports, asking.question)
    outcome = answer.kind === 'granted' ? 'granted' : answer.outcome.kind
    told = isOurs(answer) ? 'not-asked' : outcome
    return await settle(ports, { ...connection, row: taken.row }, { question: asking.question, answer })
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
    const result = await keepRenewal(ports, held, { question, granted: answer })
    return nameAccount(ports, held, { question, granted: answer, result })
  }
  const { failure, outcome } = answer
  // A token that was sent before may be dead because it had been renewed: then the answer may have come since.
  if (failure.next === 'end' && (await adoptWaiting(ports, row))) return reread(ports, row, 'rotated')
  const told = { failure, application: question.application.stateName }
  const kept = await keepRefreshTokens(ports, held, { question, outcome, told })
  return kept ?? { kind: 'failed', row: await commitFailure(ports, row, told) }
}

/** Only a person brings a new grant: at once, or before the one that works ends. */
function whyNotRenewable({ grants }: ConnectionRow, nowMs: number): FailureTold {
  if (grants === undefined) return failureBecause('not-authorized')
  const leftMs = Math.min(...Object.values(grants).map((grant) => remainingMs(grant, nowMs)))
  return failureBecause(leftMs > 0 ? 'not-renewable-yet' : 'not-renewable')
}

/** Where the provider refused this very client lately no grant of it is worth a request. */
function stoppedBy(
  { failure }: ConnectionRow,
  application: ApplicationClient,
  nowMs: number,
): Pause | undefined {
  if (failure?.class !== 'app-broken' || failure.application !== application.stateName) return undefined
  const { retryAtMs = 0 } = failure
  return nowMs < retryAtMs ? { failure, retryAtMs } : undefined
}
