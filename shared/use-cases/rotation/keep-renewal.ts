import type { FailureTold, RotationResult } from '../../ports/grant-runner.ts'
import { commitHeld } from '../commit/commit-held.ts'
import { findConnection } from '../commit/connection-rows.ts'
import { marksOf, rescueFor } from '../commit/rescue-item.ts'
import type { Brought, Question } from '../grants/ask-provider.ts'
import { failureBecause } from '../grants/failure.ts'
import { grantChange } from '../grants/grant-change.ts'
import type { GrantPorts } from '../grants/grant-ports.ts'
import { keepAnswer } from '../grants/keep-answer.ts'
import type { HeldConnection } from '../grants/minted-connection.ts'
import { findRescue, settleRescue } from '../grants/settle-rescue.ts'
import { commitFailure, failureChange } from './commit-failure.ts'

/**
 * Keeps what the answer to a renewal brought, in the row or beside it, and tells what became of the rotation. With
 * `failure` the answer was of no use but for its refresh tokens: they take the place of the old ones as surely as those of
 * a good one do, and the failure is told with them.
 */
export async function keepRenewal(
  ports: GrantPorts,
  { row, setup }: HeldConnection,
  { question, brought, failure }: { question: Question; brought: Brought; failure?: FailureTold },
): Promise<RotationResult> {
  const { askedScopes, old, seals } = question
  const { names, oauthAppId = row.oauthAppId, states: grants, tokens } = brought
  const sealed = seals.seal(tokens, old)
  const rescue = rescueFor(
    { ...row, oauthAppId },
    {
      of: 'renewal',
      op: row.attempt.op,
      grant: sealed.pointer,
      grants: Object.fromEntries(names.map((name) => [name, grants[name]!])),
      requiredScopes: askedScopes,
      replaces: marksOf(row.grants, names),
      createdAtMs: ports.clock.nowMs(),
    },
  )
  const members = { grant: sealed.pointer, grants, attempt: undefined }
  const kept = await keepAnswer(ports, {
    ...{ row, sealed, rescue },
    commit: (beside) =>
      commitHeld(ports, row, (current) => {
        const change =
          failure === undefined
            ? grantChange(ports, current, setup, { ...rescue, grants })
            : failureChange(ports, current, failure, members)
        return { ...change, beside }
      }),
  })
  if (kept.kind === 'kept') return { kind: failure === undefined ? 'rotated' : 'failed', row: kept.row }
  if (kept.kind === 'lost') return commitFailure(ports, row, failureBecause('answer_not_stored'))
  const current = await findConnection(ports, row.tenant, row.id)
  if (current !== undefined) return { kind: 'busy', row: current }
  // Deleted while the provider answered: it is the tombstone's, or is ended, at once where that is known.
  const left = await findRescue(ports, rescue)
  if (left !== undefined) await settleRescue(ports, left)
  return { kind: 'gone' }
}
