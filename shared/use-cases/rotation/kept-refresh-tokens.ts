import type { ConnectionRow } from '../../domain/connection.ts'
import type { GrantState } from '../../domain/grant.ts'
import type { Write } from '../../ports/item-store.ts'
import type { TokenFailure } from '../../ports/oauth-client.ts'
import { sealedRemoval } from '../commit/sealed-removal.ts'
import { withRefreshToken } from '../grants/grant-records.ts'
import type { HeldConnection } from '../grants/minted-connection.ts'
import type { AnswerSeals, TokensByName } from '../grants/sealed-tokens.ts'

/**
 * New refresh tokens of an answer that was otherwise of no use: they may be the only copies, so they take the place of
 * the old ones, and the token that was sent is no longer the one that a resend would send. Undefined when there are
 * none.
 */
export function keptRefreshTokens(
  { row }: HeldConnection,
  { outcome, seals, old }: { outcome: TokenFailure; seals: AnswerSeals; old: TokensByName },
): { members: Partial<ConnectionRow>; writes: readonly Write[] } | undefined {
  const kept = Object.entries(outcome.kept ?? {}).filter(([name]) => old[name] !== undefined)
  if (kept.length === 0) return undefined
  const tokens = kept.map(([name, { refreshToken }]) => [name, withRefreshToken(old[name]!, refreshToken)])
  const sealed = seals.seal({ ...old, ...Object.fromEntries(tokens) }, { pointer: row.grant, tokens: old })
  const states = kept.map(([name]): [string, GrantState] => [
    name,
    { ...row.grants![name]!, hasRefreshToken: true, mark: seals.mark },
  ])
  return {
    members: {
      grant: sealed.pointer,
      grants: { ...row.grants, ...Object.fromEntries(states) },
      attempt: undefined,
    },
    writes: [...sealed.writes, ...sealedRemoval(row, row.grant, sealed.pointer)],
  }
}
