import { VaultError } from '../domain/errors.ts'
import type { DueQuery, ItemQuery } from './item-store.ts'

/** The last key of a page, as the query orders it: strings, and numbers such as `due_at`. */
export type PagePosition = readonly (string | number)[]

/** What a token is good for: the query without its limit, which may change from page to page. */
export type QueryIdentity = readonly (string | number | boolean | null)[]

/** The identity of `ItemStore.scan`. */
export const SCAN_IDENTITY: QueryIdentity = ['scan']

/** The identity of a query of one partition: the same for every page of it. */
export function itemQueryIdentity(query: ItemQuery): QueryIdentity {
  const { partition, sortPrefix = '', after = null, skip = 0, descending = false } = query
  return ['query', partition, sortPrefix, after, skip, descending]
}

/** The identity of a query of the due index: the same for every page of it. */
export function dueQueryIdentity(query: DueQuery): QueryIdentity {
  return ['due', query.shard, query.dueAtMostMs]
}

/** An opaque token, base64url, from which the page after `position` of the same query continues. */
export function encodePageToken(identity: QueryIdentity, position: PagePosition): string {
  return Buffer.from(JSON.stringify([identity, position])).toString('base64url')
}

/**
 * The position a token stands for; undefined without a token. `shape` is an example of the position, such as
 * `['', 0]`. Throws VaultError `invalid-query` for a token of another query, and for anything else that
 * `encodePageToken` did not make: callers of the API can send what they like.
 */
export function decodePageToken<Position extends PagePosition>(
  identity: QueryIdentity,
  token: string | undefined,
  shape: Position,
): Position | undefined {
  if (token === undefined) return undefined
  const content = parseJson(Buffer.from(token, 'base64url').toString())
  if (Array.isArray(content) && content.length === 2) {
    const [tokenIdentity, position] = content as [unknown, unknown]
    if (JSON.stringify(tokenIdentity) === JSON.stringify(identity) && hasShape(position, shape))
      return position
  }
  throw new VaultError('invalid-query', 'The page token is not one that this query handed out.')
}

function hasShape<Position extends PagePosition>(position: unknown, shape: Position): position is Position {
  if (!Array.isArray(position) || position.length !== shape.length) return false
  return position.every((value, index) => typeof value === typeof shape[index])
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
