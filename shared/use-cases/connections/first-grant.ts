import { CALLED_ALLOWED } from '../../connectors/called-urls.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import { VaultError } from '../../domain/errors.ts'
import { MAIN_GRANT } from '../../domain/grant.ts'
import type { RotationAttempt, RotationFailure } from '../../domain/rotation.ts'
import { HOLD_MS } from '../../domain/rotation-policy.ts'
import type {
  FirstGrantRequest,
  FirstGrantResult,
  ForbiddenTarget,
  GrantRunner,
  Late,
  SealedGrant,
} from '../../ports/grant-runner.ts'
import type { Write } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { rescueRemoval } from '../commit/rescue-item.ts'
import { failureBecause } from '../grants/failure.ts'
import { grantMembers } from '../grants/grant-change.ts'
import { withoutRetry } from '../grants/next-step.ts'
import { dueMembers } from '../grants/postpone-rotation.ts'
import { failureMember } from '../grants/when-again.ts'
import type { AddressPorts } from '../oauth-applications/shared-setup-of.ts'
import { failureChange } from '../rotation/commit-failure.ts'
import type { AcceptedSetup } from './accept-setup.ts'
import type { GrantFate } from './grant-fate.ts'

/** Issue of patience: creating never depends on a provider being up, so its first answer is waited for this long. */
export const FIRST_GRANT_BUDGET_MS = 5_000
/** A person's new code is worth more patience: without an answer nothing is changed, and the code is lost. */
const NEW_CODE_BUDGET_MS = 20_000
const CODE_OPEN = 'No answer came in time. Authorize the connection again.'

const NOT_AUTHORIZED = 'There is nothing to verify before somebody has authorized the connection'
const KEPT_UNTRIED = 'A grant of the same client is kept: it is tried with its next renewal'

export interface FirstGrantPorts extends Ports, AddressPorts {
  readonly grants: GrantRunner
}

/** What the first grant makes of the row that is about to be committed. */
export interface FirstGrantOutcome {
  /** Whether there is a grant. */
  readonly granted: boolean
  readonly members: Partial<ConnectionRow>
  /** Writes of the same transaction. */
  readonly beside: readonly Write[]
}

/**
 * Gets the first grant of a setup, or checks a static one when asked to. Answers what the row becomes: `ready`,
 * or `pending` with the reason. `held` is what becomes of the grant that the connection has: one of the same client
 * needs no person again, and whatever it is, it stays until a new code has brought another. Throws `invalid-body` for
 * an address that is never called, `provider-refused` when the provider refused a one-time code, or refused anything
 * while `verify` was asked for, and `provider-unavailable` when `verify`, or the change of a grant, could not be done.
 */
export async function firstGrant(
  ports: FirstGrantPorts,
  stored: FirstGrantRequest,
  accepted: AcceptedSetup,
  options: { verify: boolean; held?: GrantFate },
): Promise<FirstGrantOutcome> {
  const { setup } = accepted
  const { verify, held = 'none' } = options
  if (setup.grant === undefined) {
    if (verify) await verifyStatic(ports, stored)
    return { granted: false, members: {}, beside: [] }
  }
  if (waitsForPerson(accepted)) {
    if (verify) throw nothingToVerify(held === 'kept' ? KEPT_UNTRIED : NOT_AUTHORIZED)
    return { granted: false, members: notAuthorized(), beside: [] }
  }
  const usesCode = accepted.codeDigest !== undefined
  const isReplacing = usesCode && held !== 'none'
  const budgetMs = isReplacing ? NEW_CODE_BUDGET_MS : FIRST_GRANT_BUDGET_MS
  const result = await ports.grants.mintFirst(stored, budgetMs)
  if (result.kind === 'granted') return grantedOutcome(stored, accepted, result)
  if (result.kind === 'failed') refuse(result, { usesCode, verify, isReplacing })
  else if (usesCode && (isReplacing || verify)) throw codeMayBeUsed(CODE_OPEN)
  else if (verify) throw unavailable('no answer came in time.')
  return { granted: false, members: pendingMembers(ports, stored, result, { usesCode, held }), beside: [] }
}

/** Whether nothing can be asked for before somebody has authorized the connection. */
function waitsForPerson({ setup, codeDigest }: AcceptedSetup): boolean {
  return setup.grant?.kind === 'authorization-code' && codeDigest === undefined
}

/** Whether a provider is asked before anything is committed: then the setup is stored first, with an intent. */
export function asksProvider(accepted: AcceptedSetup, { verify }: { verify: boolean }): boolean {
  return (verify || accepted.setup.grant !== undefined) && !waitsForPerson(accepted)
}

function notAuthorized(): Partial<ConnectionRow> {
  return { status: 'pending', statusReason: failureBecause('not_authorized').message }
}

function grantedOutcome(
  stored: FirstGrantRequest,
  accepted: AcceptedSetup,
  result: Extract<FirstGrantResult, { kind: 'granted' }>,
): FirstGrantOutcome {
  return {
    granted: true,
    members: membersOfSealed(stored, accepted, result),
    // A rescue that was settled already, by somebody whose clock is ahead, has ended this grant.
    beside: [rescueRemoval(stored, { isThere: true })],
  }
}

/** What the row becomes with a grant that was sealed for it. */
export function membersOfSealed(
  row: Pick<ConnectionRow, 'id'>,
  { setup }: Pick<AcceptedSetup, 'setup'>,
  sealed: SealedGrant,
): Partial<ConnectionRow> {
  // Of another person perhaps than the grant that it replaces.
  return { ...grantMembers(row, setup, sealed), account: sealed.account }
}

function refuse(
  result: Extract<FirstGrantResult, { kind: 'failed' }>,
  { usesCode, verify, isReplacing }: { usesCode: boolean; verify: boolean; isReplacing: boolean },
): void {
  const { failure } = result
  if (failure.target !== undefined) throw forbidden(failure.target)
  // What another request brings with it is not for this one to wait for in a row of its own.
  const isAllOrNothing = verify || isReplacing || failure.code === 'code_in_use'
  if (isAllOrNothing && failure.code === 'no_oauth_application') {
    throw new VaultError('provider-refused', failure.message, { errorCode: failure.code })
  }
  const definite = ['grant-dead', 'app-broken', 'refused'].includes(failure.class)
  const codeRefused = usesCode && failure.class === 'grant-dead'
  if (codeRefused || (isAllOrNothing && definite)) {
    throw providerRefused(withoutRetry(failure.message), { errorCode: failure.code })
  }
  if (isAllOrNothing && usesCode && failure.class === 'unknown') throw codeMayBeUsed(failure.message)
  if (isAllOrNothing) throw unavailable(withoutRetry(failure.message), { verify })
}

async function verifyStatic(ports: FirstGrantPorts, stored: FirstGrantRequest): Promise<void> {
  const result = await ports.grants.probe(stored)
  if (result.kind === 'forbidden') throw forbidden(result.target)
  if (result.kind === 'refused') {
    throw providerRefused(`${result.message} Send another.`, {})
  }
  if (result.kind === 'unreachable') throw unavailable(result.message)
  if (result.kind === 'no-test') throw nothingToVerify('There is no test call for this setup')
}

function forbidden({ reason, field }: ForbiddenTarget): VaultError {
  return new VaultError('invalid-body', reason, {
    field: `setup.${field}`,
    allowed: CALLED_ALLOWED,
  })
}

/** The 400 of a credential that its provider refused; the message says why. Nothing was stored. */
export function providerRefused(message: string, detail: { errorCode?: string }): VaultError {
  return new VaultError('provider-refused', `The provider refused the credentials: ${message}`, detail)
}

/** The 400 of `verify` where nothing can be tried. */
export function nothingToVerify(message: string): VaultError {
  return new VaultError('invalid-query', message, { field: 'verify', allowed: 'leaving verify out' })
}

/** The 503 of what cannot be done while the provider cannot be asked; the message says why. Nothing was stored. */
export function unavailable(message: string, { verify }: { verify: boolean } = { verify: true }): VaultError {
  const next = verify ? 'Try again, or leave verify out.' : 'Try again.'
  const words = `The provider could not be asked: ${message} Nothing was changed. ${next}`
  return new VaultError('provider-unavailable', words, { retryAfterSeconds: 5 })
}

/** The same where the provider may have taken the code: to repeat the request helps nobody, and the message says what does. */
function codeMayBeUsed(message: string): VaultError {
  const words = `Nothing was changed, and the code may have been used: ${message}`
  return new VaultError('provider-unavailable', words, {})
}

function pendingMembers(
  ports: FirstGrantPorts,
  stored: FirstGrantRequest,
  result: Extract<FirstGrantResult, { kind: 'failed' }> | Late,
  { usesCode, held }: { usesCode: boolean; held: GrantFate },
): Partial<ConnectionRow> {
  const nowMs = ports.clock.nowMs()
  if (result.kind === 'late') {
    const reason = usesCode
      ? 'The provider has not answered yet. If the connection is not ready in two minutes, authorize it again.'
      : 'The provider has not answered yet; it is asked again.'
    return {
      status: 'pending',
      statusReason: reason,
      ...(held === 'kept' ? { failure: notYetAnswered(reason, nowMs) } : {}),
      ...(usesCode
        ? { attempt: { ...sentCode(stored, nowMs), unknownAtMs: nowMs } }
        : dueMembers(stored.id, nowMs + HOLD_MS)),
    }
  }
  const { appId, id, setupType } = stored
  const attempt = usesCode ? { attempt: sentCode(stored, nowMs) } : {}
  const row = { id, appId, setupType, status: 'pending', fence: 0, ...attempt } as const
  return failureChange(ports, row, result.failure).members
}

/** The grant that is kept was minted with the old setup: until another is there the connection is not what it says. */
function notYetAnswered(message: string, nowMs: number): RotationFailure {
  const failure = { class: 'unknown', code: 'no_answer_yet', message, next: 'unknown' } as const
  return failureMember(undefined, failure, { nowMs, retryAtMs: nowMs + HOLD_MS })
}

/** A code that was sent: while its fate is unknown, the attempt that stands for it forbids sending it again. */
function sentCode({ op }: FirstGrantRequest, nowMs: number): RotationAttempt {
  return { fence: 0, owner: '', grantName: MAIN_GRANT, consumes: true, startedAtMs: nowMs, op }
}
