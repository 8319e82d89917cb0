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

/** The first account that has anything to say about each member; undefined when none has. */
export function mergedAccount(...accounts: readonly (Account | undefined)[]): Account | undefined {
  const merged: Record<string, string> = {}
  for (const account of accounts) {
    for (const [name, text] of Object.entries(account ?? {})) merged[name] ??= text as string
  }
  return Object.keys(merged).length === 0 ? undefined : merged
}
