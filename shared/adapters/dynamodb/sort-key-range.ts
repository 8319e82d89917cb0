import { VaultError } from '../../domain/errors.ts'
import type { ItemQuery } from '../../ports/item-store.ts'
import { compareByUtf8 } from '../../ports/sort-range.ts'
import { MAX_SORT_BYTES } from '../../ports/valid-writes.ts'

/** The sort keys to read, as DynamoDB can say it: those with a prefix, from behind a key that need not exist. */
export interface SortKeyRange {
  readonly prefix: string
  readonly startAfter: string | undefined
}

/**
 * What a query's prefix, its `after` and the last key of the page before (`position`) leave together; undefined
 * when that is nothing. DynamoDB takes one condition on the sort key only, and its BETWEEN includes both ends, so
 * the prefix is the condition and everything else the start key, which lies within the prefix as it must.
 * Throws VaultError `invalid-query` for a bound that is longer than a key: tokens come back from outside.
 */
export function sortKeyRange(query: ItemQuery, position?: string): SortKeyRange | undefined {
  const { sortPrefix: prefix = '', descending = false } = query
  const order = (left: string, right: string) => compareByUtf8(left, right) * (descending ? -1 : 1)
  const bounds = [query.after, position].filter((bound) => bound !== undefined)
  const bound = bounds.sort(order).at(-1)
  if (bound === undefined) return { prefix, startAfter: undefined }
  if (bound === '') return descending ? undefined : { prefix, startAfter: undefined }
  if (Buffer.byteLength(bound) > MAX_SORT_BYTES) {
    throw new VaultError('invalid-query', 'The page starts behind a key that is longer than any key.')
  }
  if (bound.startsWith(prefix)) return { prefix, startAfter: bound }
  // Outside the prefix: either all of its keys lie behind the bound, or none does.
  return order(bound, prefix) < 0 ? { prefix, startAfter: undefined } : undefined
}
