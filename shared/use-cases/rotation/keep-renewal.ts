import type { ConnectionRow } from '../../domain/connection.ts'
import type { GrantState } from '../../domain/grant.ts'
import type { RotationResult } from '../../ports/grant-runner.ts'
import type { TokenFailure } from '../../ports/oauth-client.ts'
import type { HeldChange } from '../commit/change-connection.ts'
import { commitHeld } from '../commit/commit-held.ts'
import { findConnection } from '../commit/connection-rows.ts'
import { marksOf, rescueFor } from '../commit/rescue-item.ts'
import type { Granted, Question } from '../grants/ask-provider.ts'
import { failureBecause } from '../grants/failure.ts'
import { grantChange } from '../grants/grant-change.ts'
import type { GrantPorts } from '../grants/grant-ports.ts'
import { withRefreshToken } from '../grants/grant-records.ts'
import { keepAnswer } from '../grants/keep-answer.ts'
import type { HeldConnection } from '../grants/minted-connection.ts'
import type { SealedTokens } from '../grants/sealed-tokens.ts'
import { findRescue, settleRescue } from '../grants/settle-rescue.ts'
import { commitFailure, failureChange, type Told } from './commit-failure.ts'

/** Keeps a renewed grant, and tells what became of the rotation. */
export function keepRenewal(
  ports: GrantPorts,
  held: HeldConnection,
  { question, granted }: { question: Question; granted: Granted },
): Promise<RotationResult> {
  const { askedScopes, old, seals } = question
  const { names, oauthAppId, states } = granted
  const sealed = seals.seal(granted.tokens, old)
  return keepTokens(ports, held, {
    ...{ kind: 'rotated', sealed, askedScopes, oauthAppId },
    renewed: Object.fromEntries(names.map((name) => [name, states[name]!])),
    changeOf(current) {
      // A new setup of the same client may have asked for other scopes meanwhile.
      const requiredScopes = current.requiredScopes ?? askedScopes
      const to = { grant: sealed.pointer, grants: states, requiredScopes, oauthAppId }
      return grantChange(ports, current, held.setup, to)
    },
  })
}

/**
 * Keeps the new refresh tokens of an answer that was otherwise of no use: they may be the only copies, so they take the
 * place of the old ones as surely as those of a good answer do, and the token that was sent is no longer the one that a
 * resend would send. Undefined when there are none.
 */
export async function keepRefreshTokens(
  ports: GrantPorts,
  held: HeldConnection,
  { question, outcome, told }: { question: Question; outcome: TokenFailure; told: Told },
): Promise<RotationResult | undefined> {
  const { askedScopes, old, seals } = question
  const { row } = held
  const { mark } = seals
  const about = { profile: held.profile, issuedAtMs: row.attempt.startedAtMs, mark }
  const kept = Object.entries(outcome.kept ?? {}).flatMap(([name, token]) => {
    const [tokens, state] = [old.tokens[name], row.grants?.[name]]
    return tokens && state ? [[name, withRefreshToken({ tokens, state }, token, about)] as const] : []
  })
  if (kept.length === 0) return undefined
  const tokens = Object.fromEntries(kept.map(([name, grant]) => [name, grant.tokens]))
  const renewed = Object.fromEntries(kept.map(([name, { state }]) => [name, state]))
  const sealed = seals.seal({ ...old.tokens, ...tokens }, old)
  const members = { grant: sealed.pointer, grants: { ...row.grants, ...renewed }, attempt: undefined }
  return keepTokens(ports, held, {
    ...{ kind: 'failed', sealed, renewed, askedScopes },
    changeOf: (current) => failureChange(ports, current, { ...told, members }),
  })
}

/** Tokens of an answer, and what the row becomes with them. */
interface TokensToKeep {
  /** What the rotation is told to have been once they are kept. */
  readonly kind: 'rotated' | 'failed'
  readonly sealed: SealedTokens
  /** The states of the grants that are new, by name. */
  readonly renewed: Readonly<Record<string, GrantState>>
  readonly askedScopes: readonly string[]
  readonly oauthAppId?: string | undefined
  changeOf(current: ConnectionRow): HeldChange
}

/** Keeps what may be the only copies of tokens, in the row or beside it, and tells what became of the rotation. */
async function keepTokens(
  ports: GrantPorts,
  { row }: HeldConnection,
  { kind, sealed, renewed, askedScopes, oauthAppId, changeOf }: TokensToKeep,
): Promise<RotationResult> {
  const kept = await keepAnswer(ports, {
    ...{ row, sealed },
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
