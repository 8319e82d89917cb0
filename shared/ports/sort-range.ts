import { InvariantError } from '../domain/errors.ts'
import type { ItemQuery } from './item-store.ts'

/** The sort keys a query walks: from `from` on, up to but without `before` (undefined: to the end). */
export interface SortRange {
  readonly from: string
  readonly before: string | undefined
}

/** UTF-16 orders surrogates (U+D800 to U+DFFF) before U+E000 to U+FFFF; UTF-8 orders them after. */
const FIRST_SURROGATE = 0xd800
const AFTER_SURROGATES = 0xe000
const LAST_CODE_POINT = 0x10ffff

/** Orders two well-formed strings by their UTF-8 bytes, which is the order of their code points. */
export function compareByUtf8(left: string, right: string): number {
  const length = Math.min(left.length, right.length)
  for (let index = 0; index < length; index++) {
    const a = left.charCodeAt(index)
    const b = right.charCodeAt(index)
    if (a === b) continue
    if (a < FIRST_SURROGATE || b < FIRST_SURROGATE) return a - b
    const aIsSurrogate = a < AFTER_SURROGATES
    return aIsSurrogate === b < AFTER_SURROGATES ? a - b : aIsSurrogate ? 1 : -1
  }
  return left.length - right.length
}

/** The string that directly follows `text` in byte order: nothing sorts between the two. */
export function successorOf(text: string): string {
  return `${text}\u0000`
}

/**
 * The range that a query's prefix, its `after` and the last sort key of the page before (`position`) leave
 * together; it may be empty.
 */
export function sortRange(query: ItemQuery, position?: string): SortRange {
  const prefix = query.sortPrefix ?? ''
  let from = prefix
  let before = endOfPrefix(prefix)
  for (const bound of [query.after, position]) {
    if (bound === undefined) continue
    if (query.descending === true) {
      if (before === undefined || compareByUtf8(bound, before) < 0) before = bound
    } else if (compareByUtf8(successorOf(bound), from) > 0) {
      from = successorOf(bound)
    }
  }
  return { from, before }
}

/** Throws InvariantError unless `limit` and `skip` are counts a page can have. */
export function validatePage(page: { readonly limit: number; readonly skip?: number }): void {
  const skip = page.skip ?? 0
  if (!Number.isSafeInteger(page.limit) || page.limit < 1 || !Number.isSafeInteger(skip) || skip < 0) {
    throw new InvariantError('a page has a limit of at least 1 and skips 0 items or more')
  }
}

/** The smallest string greater than everything that starts with `prefix`; undefined when there is none. */
function endOfPrefix(prefix: string): string | undefined {
  const codePoints = Array.from(prefix, (character) => character.codePointAt(0) ?? 0)
  while (codePoints.at(-1) === LAST_CODE_POINT) codePoints.pop()
  const last = codePoints.pop()
  if (last === undefined) return undefined
  const next = last + 1 === FIRST_SURROGATE ? AFTER_SURROGATES : last + 1
  return String.fromCodePoint(...codePoints, next)
}
