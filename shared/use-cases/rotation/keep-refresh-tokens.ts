import type { GrantState } from '../../domain/grant.ts'
import type { RotationResult } from '../../ports/grant-runner.ts'
import type { TokenFailure } from '../../ports/oauth-client.ts'
import type { GrantPorts } from '../grants/grant-ports.ts'
import { withRefreshToken } from '../grants/grant-records.ts'
import type { HeldConnection } from '../grants/minted-connection.ts'
import type { AnswerSeals, TokensByName } from '../grants/sealed-tokens.ts'
import { failureChange, type Told } from './commit-failure.ts'
import { keepTokens } from './keep-tokens.ts'

/** A useless answer, with what it failed by, what was held before and what it would be sealed into. */
interface UselessAnswer {
  readonly outcome: TokenFailure
  readonly told: Told
  readonly seals: AnswerSeals
  readonly old: TokensByName
  readonly askedScopes: readonly string[]
}

/**
 * Keeps the new refresh tokens of an answer that was otherwise of no use: they may be the only copies, so they take the
 * place of the old ones as surely as those of a good answer do, and the token that was sent is no longer the one that a
 * resend would send. Undefined when there are none.
 */
export async function keepRefreshTokens(
  ports: GrantPorts,
  held: HeldConnection,
  { outcome, told, seals, old, askedScopes }: UselessAnswer,
): Promise<RotationResult | undefined> {
  const { row } = held
  const kept = Object.entries(outcome.kept ?? {}).filter(([name]) => old[name] !== undefined)
  if (kept.length === 0) return undefined
  const tokens = kept.map(([name, { refreshToken }]) => [name, withRefreshToken(old[name]!, refreshToken)])
  const sealed = seals.seal({ ...old, ...Object.fromEntries(tokens) }, { pointer: row.grant, tokens: old })
  const renewed: Record<string, GrantState> = Object.fromEntries(
    kept.map(([name]) => [name, { ...row.grants![name]!, hasRefreshToken: true, mark: seals.mark }]),
  )
  const grants = { ...row.grants, ...renewed }
  return keepTokens(ports, held, {
    ...{ kind: 'failed', sealed, mark: seals.mark, renewed, askedScopes },
    changeOf: (current) =>
      failureChange(ports, current, {
        ...told,
        members: { grant: sealed.pointer, grants, attempt: undefined },
      }),
  })
}
