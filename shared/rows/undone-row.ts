import type { Attributes } from '../ports/item-store.ts'
import { rowCodec } from './row-codec.ts'

/** What stands in the place of what was undone, or will never be created. */
export interface UndoneMark {
  readonly undoneAtMs: number
}

/** Such marks, as they are stored: among intents, and in the place of what a creation would have put. */
export const UNDONE_ROWS = rowCodec<UndoneMark>('mark of what is undone', 1)

/** Whether an item only says that what would have been created under its key never will be. */
export function isUndoneCreation(attributes: Attributes): boolean {
  return attributes['undoneAtMs'] !== undefined
}
