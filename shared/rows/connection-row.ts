import type { ConnectionRow } from '../domain/connection.ts'
import type { Attributes } from '../ports/item-store.ts'
import { rowCodec } from './row-codec.ts'

/** Connections, as they are stored. */
export const CONNECTION_ROWS = rowCodec<ConnectionRow>('connection', 1, { isDueItself: true })

/** What lists of connections are narrowed, sorted and counted by. */
const LISTED_MEMBERS = [
  'id',
  'name',
  'appId',
  'setupType',
  'account',
  'accountName',
  'status',
  'oauthAppId',
  'requiredScopes',
  'grants',
  'failure',
  'createdAtMs',
  'refreshedAtMs',
  'credentialExpiresAtMs',
  'lastFetchedHour',
  'due_at',
] as const satisfies readonly (keyof ConnectionRow)[]

/** A connection as far as a list looks at it before it knows which ones it will show. */
export type ListedConnection = Pick<ConnectionRow, (typeof LISTED_MEMBERS)[number]>

/** The attributes that `listedOf` needs. A store may have an index of just these, in this order. */
export const LISTED_ATTRIBUTES: readonly string[] = ['v', ...LISTED_MEMBERS]

/** The part of a row that a query for `LISTED_ATTRIBUTES` answers. Throws `UnreadableItemError`. */
export function listedOf(attributes: Attributes): ListedConnection {
  return CONNECTION_ROWS.decodePart(attributes)
}
