/** Whose account a grant is for, as its provider says: never a secret, and no proof of anything. */
export interface Account {
  readonly id?: string
  /** An address, or the name that a person signs in by. */
  readonly email?: string
  /** The organization, workspace or company. */
  readonly team?: string
}

/** Names of accounts fit on a line. */
const MAX_CHARS = 255

/** The text as a member of an account, on one line and cut; undefined when there is nothing to read. */
export function accountText(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  const text = String(value)
    .replace(/[\p{C}\p{Z}\s]+/gu, ' ')
    .trim()
  return text === '' ? undefined : [...text].slice(0, MAX_CHARS).join('')
}

/** The account in a few words, for people: `ada@acme.example (Acme)`; undefined when nothing is known. */
export function accountLabel({ id, email, team }: Account): string | undefined {
  const who = email ?? id
  if (who === undefined) return team
  return team === undefined ? who : `${who} (${team})`
}

/** Whether the text names the account: its id as it is, or its address in any case. */
export function namesAccount(text: string, { id, email }: Account): boolean {
  return text === id || text.toLowerCase() === email?.toLowerCase()
}

/** The first account that has anything to say about each member; undefined when none has. */
export function mergedAccount(...accounts: readonly (Account | undefined)[]): Account | undefined {
  const merged: Record<string, string> = {}
  for (const account of accounts) {
    for (const [name, text] of Object.entries(account ?? {})) merged[name] ??= text as string
  }
  return Object.keys(merged).length === 0 ? undefined : merged
}
