import { canonicalJson } from '../../domain/canonical-json.ts'
import type { ConnectionRow, SecretPointer, StoredSecret } from '../../domain/connection.ts'
import { SETUP_MISSING } from '../../domain/rotation.ts'
import type { VisibleChange } from '../commit/change-connection.ts'
import { fingerprintOf } from '../commit/connection-rows.ts'
import { statusWithGrant } from '../grants/grant-records.ts'
import { dueMembers } from '../grants/postpone-rotation.ts'
import { type AcceptedSetup, rowMembersOf } from './accept-setup.ts'
import type { FirstGrantOutcome } from './first-grant.ts'
import { grantFate } from './grant-fate.ts'
import { type CredentialEndInput, credentialEndMembers, saysEnd } from './set-credential-end.ts'

/** The new setup in its place. */
export interface NewSetup {
  readonly name: string
  readonly first: FirstGrantOutcome
  readonly secret: SecretPointer
  /** The operation that puts it there. */
  readonly op: string
  readonly nowMs: number
  /** The members that were sent, where the others are those of the stored setup; all were where it is left out. */
  readonly sent?: readonly string[] | undefined
  /** When the new credential ends; what was said of the old one is over with it. */
  readonly end: CredentialEndInput
}

/** The change of the row that a new setup makes, without what is written beside it. */
export function setupChange(current: ConnectionRow, accepted: AcceptedSetup, to: NewSetup): VisibleChange {
  const isKept = grantFate(current, accepted, to.first.granted) === 'kept'
  const grantMembers = isKept ? keptGrant(current, accepted, to) : newGrant(current, accepted, to)
  const isDegraded = grantMembers.status === 'degraded' && current.status !== 'degraded'
  const changed = [
    ...(to.name === current.name ? ['setup'] : ['name', 'setup']),
    ...(isKept && isDegraded ? ['scopes', 'status'] : []),
  ]
  return {
    members: {
      ...rowMembersOf(accepted, { nowMs: to.nowMs, kept: keptSecrets(current, to) }),
      name: to.name,
      fingerprint: fingerprintOf({
        id: current.id,
        name: to.name,
        setupDigest: accepted.digests.setupDigest,
      }),
      secret: to.secret,
      // The row was read before its generation was reserved, so the count is set here as well.
      generations: Math.max(current.generations, to.secret.generation),
      ...grantMembers,
      ...endOfNew(current, accepted, to),
    },
    event: { type: isKept && isDegraded ? 'connection.degraded' : 'connection.updated', changed },
  }
}

/**
 * The stored secrets that nobody sent again. One that was sent is of now even where it is the same as before: a date
 * that stays would tell who guesses that they have guessed right.
 */
function keptSecrets({ storedSecrets = [] }: ConnectionRow, { sent }: NewSetup): readonly StoredSecret[] {
  return sent === undefined ? [] : storedSecrets.filter(({ name }) => !sent.includes(name))
}

/** The members that say when the credential of a new setup ends. Throws `invalid-body` for an end that it cannot have. */
export function endOfNew(
  current: ConnectionRow,
  { setup }: Pick<AcceptedSetup, 'setup'>,
  { end: input, nowMs }: Pick<NewSetup, 'end' | 'nowMs'>,
): Partial<ConnectionRow> {
  const { credentialExpiresAtMs, enforceExpiry } = current
  if (!saysEnd(input) && credentialExpiresAtMs === undefined) return {}
  // Whoever enforced the old end means to enforce a new one that is said; without one there is nothing to enforce.
  const isDated = typeof input.credentialExpiresAtMs === 'number'
  const before = isDated && enforceExpiry === true ? { enforceExpiry } : {}
  const members = credentialEndMembers(current.id, { setup, before, input, nowMs })
  return setup.grant === undefined ? members : { ...NO_END }
}

const NO_END = { credentialExpiresAtMs: undefined, enforceExpiry: undefined, toldEndSteps: undefined }

/** A new setup starts a new grant: nothing of the old one may be rotated, blamed or compared any more. */
function newGrant(current: ConnectionRow, accepted: AcceptedSetup, to: NewSetup): Partial<ConnectionRow> {
  return {
    credentialVersion: current.credentialVersion + 1,
    refreshedAtMs: to.nowMs,
    grant: undefined,
    grants: undefined,
    requiredScopes: undefined,
    fence: current.fence + 1,
    attempt: undefined,
    failure: undefined,
    authorization: to.op,
    authorizedBy: undefined,
    warnedRefreshExpiryMs: undefined,
    due_shard: undefined,
    due_at: undefined,
    ...to.first.members,
    ...reasonAfter(current, accepted, to.first),
  }
}

/**
 * The grant goes on: it is renewed as before, with the setup as it is now. What its provider refused the old setup is
 * asked again at once.
 */
function keptGrant(current: ConnectionRow, accepted: AcceptedSetup, to: NewSetup): Partial<ConnectionRow> {
  const { setup } = accepted
  const sendsTheSame = canonicalJson(current.publicSetup) === canonicalJson(accepted.publicSetup)
  const requiredScopes = accepted.scopes ?? current.requiredScopes
  const { failure, due_at: retryAtMs } = to.first.members
  // That the old setup was gone says nothing of the new one.
  const old = current.failure?.code === SETUP_MISSING ? undefined : current.failure
  const told = failure ?? old
  const status =
    current.status === 'reauthorization_required'
      ? { status: current.status, statusReason: current.statusReason }
      : told !== undefined
        ? { status: 'degraded' as const, statusReason: told.message }
        : statusWithGrant(setup, { grants: current.grants, ...(requiredScopes && { requiredScopes }) })
  return {
    ...status,
    requiredScopes,
    oauthAppId: accepted.oauthAppId ?? current.oauthAppId,
    ...(sendsTheSame ? {} : { credentialVersion: current.credentialVersion + 1 }),
    failure: told,
    // Whoever needs nobody gets another one: one that comes late belongs to this operation.
    ...(setup.grant?.kind === 'authorization-code' ? {} : { authorization: to.op }),
    ...dueAfter(current, { retryAtMs, nowMs: to.nowMs }),
  }
}

function dueAfter(
  current: ConnectionRow,
  { retryAtMs, nowMs }: { retryAtMs: number | undefined; nowMs: number },
): Partial<ConnectionRow> {
  if (retryAtMs !== undefined) return dueMembers(current.id, Math.min(retryAtMs, current.due_at ?? retryAtMs))
  const wasRefused = current.failure?.class === 'app-broken' || current.failure?.class === 'refused'
  return wasRefused ? dueMembers(current.id, nowMs) : {}
}

/** A connection that worked has been authorized before: what its new setup wants, such as another client, was not. */
function reasonAfter(
  current: ConnectionRow,
  { setup, codeDigest }: AcceptedSetup,
  first: FirstGrantOutcome,
): Pick<ConnectionRow, 'statusReason'> | undefined {
  const asksNobody = setup.grant?.kind === 'authorization-code' && codeDigest === undefined
  if (!asksNobody || current.grants === undefined || first.members.status !== 'pending') return undefined
  return {
    statusReason:
      'The setup was changed to another client after the connection was authorized. Authorize the connection again.',
  }
}
