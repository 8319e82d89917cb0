import type { Setup } from '../../connectors/connector.ts'
import type { Account } from '../../domain/account.ts'
import type { ChangeEventType } from '../../domain/change-event.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import { defined } from '../../domain/defined.ts'
import { VaultError } from '../../domain/errors.ts'
import { newUuid } from '../../domain/ids.ts'
import type { ExchangeResult } from '../../ports/grant-runner.ts'
import type { SetupDigests } from '../../ports/setup-facts.ts'
import type { Rescue } from '../../rows/rescue-row.ts'
import { changeConnection, type VisibleChange } from '../commit/change-connection.ts'
import { fingerprintOf } from '../commit/connection-rows.ts'
import { endOfGrant, marksOf, rescueFor } from '../commit/rescue-item.ts'
import { doubtOf } from '../commit/transact-surely.ts'
import type { Granted, Question } from './ask-provider.ts'
import { failureBecause } from './failure.ts'
import { grantChange, type NewGrants } from './grant-change.ts'
import type { GrantPorts } from './grant-ports.ts'
import { keepAnswer } from './keep-answer.ts'
import { revokeUnwanted } from './revoke-grants.ts'

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

/** The provider's answer to what was asked. */
export interface Exchanged {
  readonly question: Question
  readonly answer: Granted
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
  { question, answer, seenIssuer }: Exchanged,
): Promise<ExchangeResult> {
  const { row, setup } = authorizing
  const op = newUuid(ports.random)
  const sealed = question.seals.seal(answer.tokens)
  const endsOld = isEndedWith(authorizing, answer)
  const to = {
    grant: sealed.pointer,
    grants: answer.states,
    requiredScopes: question.askedScopes,
    oauthAppId: answer.oauthAppId,
    account: answer.account,
    seenIssuer,
    op,
  }
  try {
    const kept = await keepAnswer(ports, {
      row,
      sealed,
      keepsOld: endsOld,
      commit: (beside) =>
        changeConnection(ports, row, (current) => {
          if (current.grant?.access === sealed.pointer.access) return undefined
          if (!isStillFor(authorizing, current)) throw new SetupReplacedError()
          const nowMs = ports.clock.nowMs()
          const ended = endsOld ? endOfGrant(current, { op: to.op, nowMs, dueAtMs: nowMs }) : []
          return { ...authorizedChange(ports, current, authorizing, to), beside: [...beside, ...ended] }
        }),
      rescue: rescueOf(ports, authorizing, to),
    })
    if (kept.kind === 'kept') return { kind: 'connected', row: kept.row }
    if (kept.kind === 'rescued') return { kind: 'failed', failure: failureBecause('kept-for-later') }
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
interface Authorized extends NewGrants {
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
  const { account, grant, grants, op, requiredScopes } = to
  // The setup's digest is that of the row as it was: while it still is, the answer may take its place.
  const wanted = { ...row, setupType: setup.type, oauthAppId: to.oauthAppId, account: undefined }
  return rescueFor(wanted, {
    of: 'authorize',
    ...{ op, grant, grants, requiredScopes, replaces: marksOf(row.grants) },
    members: { ...setupMembers(row, { setup, digests, op }), ...defined({ account }) },
    createdAtMs: ports.clock.nowMs(),
  })
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
  const { account, oauthAppId, seenIssuer } = to
  // What was warned of is over with the old grant.
  const { members } = grantChange(ports, { ...current, warnedRefreshExpiryMs: undefined }, setup, to)
  return {
    members: {
      ...members,
      ...setupMembers(current, { setup, digests, op: to.op }),
      oauthAppId,
      account,
      ...defined({ seenIssuer }),
      // The fence rises, so that a rotation of the old grant that is under way cannot commit over the new one.
      fence: current.fence + 1,
      warnedRefreshExpiryMs: undefined,
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
  return error instanceof SetupReplacedError
    ? { kind: 'failed', failure: failureBecause('setup-replaced') }
    : undefined
}
