import type { ConnectionRow } from '../../domain/connection.ts'
import type { AcceptedSetup } from './accept-setup.ts'

/**
 * What becomes of the grant that a connection holds when its setup is replaced. `none`: it holds none · `kept`: it is
 * of the same client · `replaced`: by a new one of the same client · `ended`: it was another client's.
 */
export type GrantFate = 'none' | 'kept' | 'replaced' | 'ended'

/** The fate of the row's grant under the accepted setup; `brings` says that the setup has a new one with it. */
export function grantFate(row: ConnectionRow, accepted: AcceptedSetup, brings: boolean): GrantFate {
  if (row.grant === undefined) return 'none'
  if (row.setupType !== accepted.setup.type || row.clientDigest !== accepted.digests.clientDigest)
    return 'ended'
  return brings ? 'replaced' : 'kept'
}
