import type { ConnectionRow } from '../../domain/connection.ts'
import type { GrantState } from '../../domain/grant.ts'
import type { RotationResult } from '../../ports/grant-runner.ts'
import { commitHeld, type HeldChange } from '../commit/commit-held.ts'
import { findConnection } from '../commit/connection-rows.ts'
import { marksOf, rescueFor } from '../commit/rescue-item.ts'
import { failureBecause } from '../grants/failure.ts'
import type { GrantPorts } from '../grants/grant-ports.ts'
import { keepAnswer } from '../grants/keep-answer.ts'
import type { HeldConnection } from '../grants/minted-connection.ts'
import type { SealedTokens } from '../grants/sealed-tokens.ts'
import { findRescue, settleRescue } from '../grants/settle-rescue.ts'
import { commitFailure } from './commit-failure.ts'

/** Tokens of an answer, and what the row becomes with them. */
interface TokensToKeep {
  /** What the rotation is told to have been once they are kept. */
  readonly kind: 'rotated' | 'failed'
  readonly sealed: SealedTokens
  readonly mark: string
  /** The states of the grants that are new, by name. */
  readonly renewed: Readonly<Record<string, GrantState>>
  readonly askedScopes: readonly string[]
  readonly oauthAppId?: string | undefined
  changeOf(current: ConnectionRow): HeldChange
}

/** Keeps what may be the only copies of tokens, in the row or beside it, and tells what became of the rotation. */
export async function keepTokens(
  ports: GrantPorts,
  { row }: HeldConnection,
  { kind, sealed, mark, renewed, askedScopes, oauthAppId, changeOf }: TokensToKeep,
): Promise<RotationResult> {
  const kept = await keepAnswer(ports, {
    ...{ row, mark, sealed },
    commit: (beside) => commitHeld(ports, row, (current) => ({ ...changeOf(current), beside })),
    rescue: rescueFor(
      { ...row, oauthAppId: oauthAppId ?? row.oauthAppId },
      {
        of: 'renewal',
        op: row.attempt.op,
        grant: sealed.pointer,
        grants: renewed,
        requiredScopes: askedScopes,
        replaces: marksOf(row.grants, Object.keys(renewed)),
        createdAtMs: ports.clock.nowMs(),
      },
    ),
  })
  if (kept.kind === 'kept') return { kind, row: kept.row }
  if (kept.kind === 'lost') {
    const failure = failureBecause('answer-not-stored')
    return { kind: 'failed', row: await commitFailure(ports, row, { failure }) }
  }
  const current = await findConnection(ports, row.tenant, row.id)
  if (current !== undefined) return { kind: 'busy', row: current }
  // Deleted while the provider answered: the grant must not outlive that.
  const rescue = await findRescue(ports, { tenant: row.tenant, id: row.id, op: row.attempt.op })
  if (rescue !== undefined) await settleRescue(ports, rescue)
  return { kind: 'gone' }
}
