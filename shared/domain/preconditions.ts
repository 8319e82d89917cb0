import type { ConnectionRow } from './connection.ts'
import { VaultError } from './errors.ts'

/** The entity tag of a connection's representation (RFC 9110 §8.8.3). */
export function connectionEtag(row: ConnectionRow): string {
  return `"v${row.version}"`
}

/**
 * Throws `precondition-failed` when an `If-Match` was sent and does not name the row as it is (RFC 9110 §13.1.1).
 * The answer carries the current tag, so that a client can look at what changed and decide.
 */
export function checkIfMatch(row: ConnectionRow, ifMatch: string | undefined): void {
  if (ifMatch === undefined || tagMatchesStrongly(ifMatch, connectionEtag(row))) return
  throw new VaultError('precondition-failed', 'The connection has changed since you read it.', {
    field: 'If-Match',
    allowed: `the current tag ${connectionEtag(row)}, or *`,
    headers: { etag: connectionEtag(row) },
  })
}

/**
 * Whether an `If-None-Match` list holds this tag, or `*`. Compared weakly (RFC 9110 §13.1.2): a proxy that marks
 * our tag weak has changed nothing that matters for a 304.
 */
export function tagMatches(header: string, tag: string): boolean {
  return listHolds(header, (candidate) => candidate === tag || candidate === `W/${tag}`)
}

/** `If-Match` compares strongly (RFC 9110 §13.1.1): a weak tag never matches. */
function tagMatchesStrongly(header: string, tag: string): boolean {
  return listHolds(header, (candidate) => candidate === tag)
}

function listHolds(header: string, isTag: (candidate: string) => boolean): boolean {
  if (isTag(header) || header.trim() === '*') return true
  return header.split(',').some((candidate) => isTag(candidate.trim()))
}
