import type { ConnectionRow } from '../domain/connection.ts'
import type { GrantPointer, GrantState } from '../domain/grant.ts'
import type { StoredSetup } from '../ports/grant-runner.ts'
import { rowCodec } from './row-codec.ts'

/**
 * A minted grant that the row does not point at: sealed, and waiting, with the setup and the client it was minted with,
 * as the row had them then: it is for those and no others. `renewal` and `authorize` lost their commit and
 * are adopted while the row is what they were minted for; `first` waits for the commit of its operation; `revoke` was
 * replaced, and is ended at its provider.
 */
export interface Rescue extends StoredSetup {
  readonly of: 'renewal' | 'authorize' | 'first' | 'revoke'
  readonly op: string
  readonly grant: GrantPointer
  /** What the row knows of each grant that is new, by name. */
  readonly grants: Readonly<Record<string, GrantState>>
  readonly requiredScopes: readonly string[]
  /** The marks of the grants that these replace, by name; none for a first one. */
  readonly replaces: Readonly<Record<string, string>>
  /** What else the row becomes with it. */
  readonly members?: Partial<
    Pick<
      ConnectionRow,
      'setupType' | 'setupDigest' | 'clientDigest' | 'authorization' | 'account' | 'seenIssuer'
    >
  >
  readonly createdAtMs: number
}

/** Rescues, as they are stored. */
export const RESCUE_ROWS = rowCodec<Rescue>('rescue', 1)
