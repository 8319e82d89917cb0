import { type Account, accountLabel, namesAccount } from '../../domain/account.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import type { ExchangeRequest } from '../../ports/grant-runner.ts'

/** Whose account it should have been, when it is another's. */
export function otherAccountThan(
  row: ConnectionRow,
  { expectedAccount, switchAccount }: ExchangeRequest,
  account: Account | undefined,
): string | undefined {
  if (expectedAccount !== undefined) {
    return account !== undefined && namesAccount(expectedAccount, account) ? undefined : expectedAccount
  }
  if (switchAccount === true || row.account?.id === undefined || account?.id === undefined) return undefined
  return row.account.id === account.id ? undefined : (accountLabel(row.account) ?? row.account.id)
}
