import { mergedAccount } from '../../domain/account.ts'
import { MAIN_GRANT } from '../../domain/grant.ts'
import { lacksMembers } from '../../domain/grant-profile.ts'
import type { ImportedGrant } from '../../domain/imported-grant.ts'
import type { SecretText } from '../../domain/secret-text.ts'
import type { ReadImport } from '../../ports/oauth-client.ts'
import { accountOfAnswer, fetchAccount, type IdentityContext } from './grant-account.ts'
import { addMetadata } from './grant-metadata.ts'
import { jwtEndMs } from './token-life.ts'

type EndName = 'expiresAtMs' | 'refreshExpiresAtMs'

/**
 * A grant from elsewhere with all that an answer of the token endpoint would have told of it: the earliest end that
 * its owner or the tokens themselves state, the members of the follow-up call, and whose it is. The calls are made
 * with an access token that has not ended, and a failed one costs only what it would have brought.
 */
export async function readImportedTokens(
  brought: ImportedGrant,
  context: Omit<IdentityContext, 'timeoutMs'> & { readonly nowMs: number; readonly leftMs: () => number },
): Promise<ReadImport> {
  const { nowMs, leftMs, profile } = context
  const grant: ImportedGrant = {
    ...brought,
    ...earliestEnd('expiresAtMs', brought, { token: brought.accessToken, nowMs }),
    ...earliestEnd('refreshExpiresAtMs', brought, { token: brought.refreshToken, nowMs }),
  }
  const { accessToken, expiresAtMs = Number.POSITIVE_INFINITY, extra = {} } = grant
  const told = accountOfAnswer(extra)
  if (accessToken === undefined || expiresAtMs <= nowMs) return readAs(grant, told)
  const minted = { accessToken, extra, expiryBasis: 'unknown' } as const
  const bare = { kind: 'granted', grants: { [MAIN_GRANT]: minted } } as const
  const completed = lacksMembers(profile, extra)
    ? await addMetadata(bare, { ...context, timeoutMs: leftMs() })
    : bare
  const main = completed.grants[MAIN_GRANT] ?? minted
  const found = await fetchAccount(main, { ...context, timeoutMs: leftMs() })
  const whole = Object.keys(main.extra).length === 0 ? grant : { ...grant, extra: main.extra }
  return readAs(whole, mergedAccount(told, found))
}

function earliestEnd(
  name: EndName,
  brought: ImportedGrant,
  { token, nowMs }: { token: SecretText | undefined; nowMs: number },
): Partial<Record<EndName, number>> {
  const ends = [brought[name], token === undefined ? undefined : jwtEndMs(token.reveal(), nowMs)]
  const stated = ends.filter((end) => end !== undefined)
  return stated.length === 0 ? {} : { [name]: Math.min(...stated) }
}

function readAs(grant: ImportedGrant, account: ReadImport['account']): ReadImport {
  return { grant, ...(account === undefined ? {} : { account }) }
}
