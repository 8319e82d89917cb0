import { SECRET_STORE_KEY } from '../../shared/domain/store-keys.ts'
import type { ItemStore } from '../../shared/ports/item-store.ts'
import {
  findMark,
  liftRestored,
  MovedVaultError,
  markRestored,
} from '../../shared/use-cases/grants/restored-mark.ts'
import { ToolError } from '../tool-command.ts'

/** What an operator may say of the vault that a table was copied from. */
export const SOURCE_WORDS = ['source-is-gone', 'source-may-run'] as const

export type SourceWord = (typeof SOURCE_WORDS)[number]

const HELD_BACK = 'refresh tokens that may change with each use are not sent from here'

/**
 * Says of a table whether the vault that it is a copy of may still run, by the mark of a restored store; answers what
 * that means, in words. With `isDry` it says what it would do. Throws `ToolError` for a table that holds no vault.
 */
export async function tellOfSource(
  items: Pick<ItemStore, 'get' | 'transact'>,
  word: SourceWord,
  { isDry, nowMs }: { readonly isDry: boolean; readonly nowMs: number },
): Promise<string> {
  if ((await items.get(SECRET_STORE_KEY)) === undefined)
    throw new ToolError('This table holds no vault: no secret was ever stored with it. Nothing was changed.')
  const mark = await findMark(items)
  const since = mark?.restoredAt === undefined ? '' : ` since ${mark.restoredAt}`
  if (word === 'source-is-gone') {
    if (mark === undefined) return 'The table carries no mark of a restored one: every grant is renewed.'
    if (isDry)
      return (
        `The table carries the mark of a restored one${since}: ${HELD_BACK}. With --go the mark is taken away. ` +
        'Only when the original never runs again: where both send a refresh token, providers end the grant for both.'
      )
    await lift(items)
    return 'The mark is gone: functions renew every grant within ten seconds; for what is overdue within ten minutes.'
  }
  if (mark !== undefined) return `The table carries the mark of a restored one${since}: ${HELD_BACK}.`
  if (isDry)
    return `The table carries no mark of a restored one: every grant is renewed. With --go it is marked, and ${HELD_BACK}, until somebody says that the source is gone.`
  await markRestored({ items }, nowMs)
  return `The table is marked: within ten seconds ${HELD_BACK}, until somebody says that the source is gone.`
}

async function lift(items: Pick<ItemStore, 'get' | 'transact'>): Promise<void> {
  try {
    await liftRestored({ items })
  } catch (error) {
    throw error instanceof MovedVaultError ? new ToolError(error.message) : error
  }
}
