import type { Setup } from '../../connectors/connector.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import { defined } from '../../domain/defined.ts'
import { VaultError } from '../../domain/errors.ts'
import { newUuid } from '../../domain/ids.ts'
import type { ExchangeResult } from '../../ports/grant-runner.ts'
import type { SetupDigests } from '../../ports/setup-facts.ts'
import { changeConnection } from '../commit/change-connection.ts'
import { endOfGrant, marksOf, rescueFor } from '../commit/rescue-item.ts'
import { doubtOf } from '../commit/transact-surely.ts'
import type { Granted, Question } from './ask-provider.ts'
import { failureBecause } from './failure.ts'
import { grantChange } from './grant-change.ts'
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
  const { row, setup, digests } = authorizing
  const { account, oauthAppId, states: grants, tokens } = answer
  const op = newUuid(ports.random)
  const sealed = question.seals.seal(tokens)
  const endsOld = isEndedWith(authorizing, answer)
  // The client's digest is that of the row as it was: while it still is, the answer may take its place later too.
  const wanted = { ...row, setupType: setup.type, oauthAppId, account: undefined }
  const rescue = rescueFor(wanted, {
    ...{ of: 'authorize', op, grant: sealed.pointer, grants, requiredScopes: question.askedScopes },
    replaces: marksOf(row.grants),
    members: {
      authorization: op,
      ...bareMembers(authorizing),
      ...defined({ account, seenIssuer, authorizedBy: ports.actor }),
    },
    createdAtMs: ports.clock.nowMs(),
  })
  try {
    const kept = await keepAnswer(ports, {
      ...{ row, sealed, rescue, keepsOld: endsOld },
      commit: (beside) =>
        changeConnection(ports, row, (current) => {
          if (current.grant?.access === sealed.pointer.access) return undefined
          if (!isStillFor(authorizing, current)) throw new SetupReplacedError()
          const nowMs = ports.clock.nowMs()
          const ended = endsOld ? endOfGrant(current, { op, nowMs, dueAtMs: nowMs }) : []
          return { ...grantChange(ports, current, setup, rescue), beside: [...beside, ...ended] }
        }),
    })
    if (kept.kind === 'kept') return { kind: 'connected', row: kept.row }
    if (kept.kind === 'rescued') return { kind: 'failed', failure: failureBecause('kept_for_later') }
    // Whether it is there nobody knows: the state says so to the browser, and never exchanges the code again.
    throw doubtOf(kept.error)
  } catch (error) {
    const unwanted = unwantedBecause(error)
    if (unwanted === undefined) throw error
    await revokeUnwanted(ports, { ...wanted, ...digests, account }, tokens)
    return unwanted
  }
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

/** What the bare setup makes of a row that has none of its type. */
function bareMembers({ row, setup, digests }: Authorizing): Partial<ConnectionRow> {
  return digests === undefined || row.setupType === setup.type ? {} : { setupType: setup.type, ...digests }
}

/** Nobody is left to use the grant: the connection is gone, or was given another setup while the provider answered. */
function unwantedBecause(error: unknown): Exclude<ExchangeResult, { kind: 'connected' }> | undefined {
  const isGone = error instanceof VaultError && error.code === 'not-found'
  if (isGone) return { kind: 'gone' }
  return error instanceof SetupReplacedError
    ? { kind: 'failed', failure: failureBecause('setup_replaced') }
    : undefined
}
