import { MAIN_GRANT } from '../../domain/grant.ts'
import { SecretText } from '../../domain/secret-text.ts'
import type { RotationResult } from '../../ports/grant-runner.ts'
import { commitHeld } from '../commit/commit-held.ts'
import type { Granted, Question } from '../grants/ask-provider.ts'
import type { GrantPorts } from '../grants/grant-ports.ts'
import type { HeldConnection } from '../grants/minted-connection.ts'

/** Only a name depends on it, and a flow may be waiting. */
const ASK_WITHIN_MS = 3_000

/**
 * Asks whose account a renewed grant is of where nobody could be asked before: one that was brought along without an
 * access token that works is asked about with the first one it gets, once. Not before that is kept, because the answer
 * to a renewal may be the only copy of a token.
 */
export async function nameAccount(
  ports: GrantPorts,
  { row: before, profile }: HeldConnection,
  { question, granted, result }: { question: Question; granted: Granted; result: RotationResult },
): Promise<RotationResult> {
  const isOpen = before.grants?.[MAIN_GRANT]?.notes?.includes('account_not_asked') === true
  const tokens = granted.tokens[MAIN_GRANT]
  if (!isOpen || result.kind !== 'rotated' || tokens === undefined) return result
  const { account } = await ports.oauth.readImport({
    tenant: before.tenant,
    profile,
    setup: new SecretText(JSON.stringify(question.setup)),
    grant: { accessToken: new SecretText(tokens.access_token), extra: tokens.extra },
    timeoutMs: ASK_WITHIN_MS,
  })
  if (account === undefined) return result
  const named = await commitHeld(ports, result.row, () => ({
    members: { account },
    event: { type: 'connection.updated', changed: ['account'] },
  }))
  return named === undefined ? result : { kind: 'rotated', row: named }
}
