import type { ConnectionRow } from '../domain/connection.ts'
import { VaultError } from '../domain/errors.ts'

/** The entity tag of a connection's representation (RFC 9110 §8.8.3). */
export function connectionEtag(row: ConnectionRow): string {
  return `"v${row.version}"`
}

/**
 * Throws `precondition-failed` when an `If-Match` was sent and does not name the row as it is (RFC 9110 §13.1.1).
 * The answer carries the current tag, so that a client can look at what changed and decide.
 */
export function checkIfMatch(row: ConnectionRow, ifMatch: string | undefined): void {
  if (ifMatch === undefined || tagMatches(ifMatch, connectionEtag(row))) return
  throw new VaultError('precondition-failed', 'The connection has changed since you read it.', {
    field: 'If-Match',
    allowed: `the current tag ${connectionEtag(row)}, or *`,
    headers: { etag: connectionEtag(row) },
  })
}

/** Whether a list of tags, as in `If-Match` and `If-None-Match`, holds this one, or `*`. */
export function tagMatches(header: string, tag: string): boolean {
  if (header === tag || header.trim() === '*') return true
  return header.split(',').some((candidate) => {
    const trimmed = candidate.trim()
    return trimmed === tag || trimmed === `W/${tag}`
  })
}
