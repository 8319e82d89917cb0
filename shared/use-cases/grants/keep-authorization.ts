import type { Setup } from '../../connectors/connector.ts'
import type { Account } from '../../domain/account.ts'
import type { ChangeEventType } from '../../domain/change-event.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import { VaultError } from '../../domain/errors.ts'
import type { GrantPointer, GrantState } from '../../domain/grant.ts'
import { newUuid } from '../../domain/ids.ts'
import { connectionDueAtMs } from '../../domain/rotation-policy.ts'
import { errorFields } from '../../ports/error-fields.ts'
import type { ExchangeResult, FailureTold } from '../../ports/grant-runner.ts'
import type { SetupDigests } from '../../ports/setup-facts.ts'
import type { Rescue } from '../../rows/rescue-row.ts'
import { changeConnection, type VisibleChange } from '../commit/change-connection.ts'
import { fingerprintOf } from '../commit/connection-rows.ts'
import { endOfGrant } from '../commit/end-of-grant.ts'
import { doubtOf } from '../commit/transact-surely.ts'
import type { Granted } from './ask-provider.ts'
import { grantMembers } from './grant-change.ts'
import type { GrantPorts } from './grant-ports.ts'
import { keepAnswer } from './keep-answer.ts'
import { dueMembers } from './postpone-rotation.ts'
import { type Revocable, revokeGrants } from './revoke-grants.ts'
import type { AnswerSeals, TokensByName } from './sealed-tokens.ts'

const SETUP_REPLACED: FailureTold = {
  class: 'refused',
  code: 'setup_replaced',
  message: 'The connection was given another setup meanwhile. Authorize it again.',
  next: 'stop',
}

const KEPT_FOR_LATER: FailureTold = {
  class: 'passing',
  code: 'kept_for_later',
  message: 'The connection was being changed. Its new authorization is kept and takes effect within minutes.',
  next: 'retry',
}

class SetupReplacedError extends Error {
  override readonly name = 'SetupReplacedError'
}

/** What an exchange works on: the connection, and the setup it is authorized with. */
export interface Authorizing {
  readonly row: ConnectionRow
  readonly setup: Setup
  /** Of the bare setup, where the connection has none of this type. */
  readonly digests: SetupDigests | undefined
}

/** The provider's answer, and what it is sealed into. */
export interface Exchanged {
  readonly answer: Granted
  readonly seals: AnswerSeals
  readonly askedScopes: readonly string[]
  /** What the provider called itself in the answer that the browser brought. */
  readonly seenIssuer: string | undefined
}

/**
 * Puts an exchanged grant in the place of the connection's old one, or leaves it beside the row; one that nobody is left
 * to use is ended, where that ends nothing else.
 */
export async function keepAuthorization(
  ports: GrantPorts,
  authorizing: Authorizing,
  { answer, seals, askedScopes, seenIssuer }: Exchanged,
): Promise<ExchangeResult> {
  const { row, setup } = authorizing
  const op = newUuid(ports.random)
  const sealed = seals.seal(answer.tokens, { pointer: undefined, tokens: {} })
  const { pointer } = sealed
  const endsOld = isEndedWith(authorizing, answer)
  const to = {
    pointer,
    grants: answer.states,
    requiredScopes: askedScopes,
    oauthAppId: answer.oauthAppId,
    account: answer.account,
    seenIssuer,
    op,
  }
  try {
    const kept = await keepAnswer(ports, {
      row,
      mark: seals.mark,
      sealed,
      keepsOld: endsOld,
      commit: (beside) =>
        changeConnection(ports, row, (current) => {
          if (current.grant?.access === pointer.access) return undefined
          if (!isStillFor(authorizing, current)) throw new SetupReplacedError()
          const nowMs = ports.clock.nowMs()
          const ended = endsOld ? endOfGrant(current, { op: to.op, nowMs, dueAtMs: nowMs }) : []
          return { ...authorizedChange(ports, current, authorizing, to), beside: [...beside, ...ended] }
        }),
      rescue: rescueOf(ports, authorizing, to),
    })
    if (kept.kind === 'kept') return { kind: 'connected', row: kept.row }
    if (kept.kind === 'rescued') return { kind: 'failed', failure: KEPT_FOR_LATER }
    // Whether it is there nobody knows: the state says so to the browser, and never exchanges the code again.
    throw doubtOf(kept.error)
  } catch (error) {
    const unwanted = unwantedBecause(error)
    if (unwanted === undefined) throw error
    const { account, oauthAppId } = to
    const minted = { ...row, setupType: setup.type, ...authorizing.digests, account, oauthAppId }
    await revokeUnwanted(ports, minted, answer.tokens)
    return unwanted
  }
}

/** The new grant, and the operation that began it. */
interface Authorized {
  readonly pointer: GrantPointer
  readonly grants: Readonly<Record<string, GrantState>>
  readonly requiredScopes: readonly string[]
  readonly oauthAppId: string | undefined
  readonly account: Account | undefined
  readonly seenIssuer: string | undefined
  readonly op: string
}

/** Whether the grant that is replaced is ended at its provider too. */
function isEndedWith({ row, setup }: Authorizing, { oauthAppId }: Granted): boolean {
  if (row.grant === undefined || row.setupType !== setup.type) return false
  return row.oauthAppId !== oauthAppId || setup.grant?.revocation?.ends === 'token'
}

/** Another setup of the same client may have come meanwhile: the grant is for that one too. */
function isStillFor({ row, setup, digests }: Authorizing, current: ConnectionRow): boolean {
  if (current.clientDigest === row.clientDigest && current.setupType === row.setupType) return true
  return current.setupType === setup.type && current.clientDigest === digests?.clientDigest
}

function rescueOf(ports: GrantPorts, { row, setup, digests }: Authorizing, to: Authorized): Rescue {
  const replaced = Object.entries(row.grants ?? {}).map(([name, { mark }]) => [name, mark] as const)
  return {
    of: 'authorize',
    op: to.op,
    tenant: row.tenant,
    connectionId: row.id,
    appId: row.appId,
    setupType: setup.type,
    // Of the row as it was: while it still is, the answer may take its place.
    setupDigest: row.setupDigest ?? '',
    ...(row.clientDigest === undefined ? {} : { clientDigest: row.clientDigest }),
    ...(row.authorization === undefined ? {} : { authorization: row.authorization }),
    ...(row.secret === undefined ? {} : { secret: row.secret }),
    ...(to.oauthAppId === undefined ? {} : { oauthAppId: to.oauthAppId }),
    grant: to.pointer,
    grants: to.grants,
    requiredScopes: to.requiredScopes,
    replaces: Object.fromEntries(replaced),
    members: {
      ...setupMembers(row, { setup, digests, op: to.op }),
      ...(to.account === undefined ? {} : { account: to.account }),
    },
    createdAtMs: ports.clock.nowMs(),
  }
}

function setupMembers(
  row: ConnectionRow,
  { setup, digests, op }: Pick<Authorizing, 'setup' | 'digests'> & { op: string },
): Rescue['members'] {
  if (digests === undefined || row.setupType === setup.type) return { authorization: op }
  return {
    setupType: setup.type,
    ...digests,
    fingerprint: fingerprintOf({ id: row.id, name: row.name, setupDigest: digests.setupDigest }),
    authorization: op,
  }
}

function authorizedChange(
  ports: GrantPorts,
  current: ConnectionRow,
  { setup, digests }: Authorizing,
  to: Authorized,
): VisibleChange {
  const { account, oauthAppId, seenIssuer, ...grants } = to
  const members = grantMembers(current, setup, grants)
  return {
    members: {
      ...members,
      ...setupMembers(current, { setup, digests, op: to.op }),
      oauthAppId,
      account,
      ...(seenIssuer === undefined ? {} : { seenIssuer }),
      credentialVersion: current.credentialVersion + 1,
      refreshedAtMs: ports.clock.nowMs(),
      // The fence rises, so that a rotation of the old grant that is under way cannot commit over the new one.
      fence: current.fence + 1,
      warnedRefreshExpiryMs: undefined,
      ...dueMembers(current.id, connectionDueAtMs({ id: current.id, grants: to.grants })),
    },
    event: {
      type: eventTypeOf(current.status, members.status ?? current.status),
      changed: ['authorization', 'credentials'],
    },
  }
}

function eventTypeOf(before: ConnectionRow['status'], after: ConnectionRow['status']): ChangeEventType {
  if (after === 'degraded' && before !== 'degraded') return 'connection.degraded'
  const wasBroken = before === 'reauthorization_required' || before === 'degraded'
  return wasBroken && after === 'ready' ? 'connection.recovered' : 'connection.updated'
}

/** Nobody is left to use the grant: the connection is gone, or was given another setup while the provider answered. */
function unwantedBecause(error: unknown): Exclude<ExchangeResult, { kind: 'connected' }> | undefined {
  const isGone = error instanceof VaultError && error.code === 'not-found'
  if (isGone) return { kind: 'gone' }
  return error instanceof SetupReplacedError ? { kind: 'failed', failure: SETUP_REPLACED } : undefined
}

/** Ends a grant that nobody uses, best effort. */
export async function revokeUnwanted(ports: GrantPorts, row: Revocable, tokens: TokensByName): Promise<void> {
  try {
    await revokeGrants(ports, row, tokens)
  } catch (error) {
    ports.log.warn('could not revoke a grant that nobody uses', {
      connection_id: row.id,
      ...errorFields(error),
    })
  }
}
