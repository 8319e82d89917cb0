import { findSetupOf } from '../../connectors/catalogue.ts'
import type { Setup } from '../../connectors/connector.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import type { GrantProfile } from '../../domain/grant-profile.ts'
import type { RotationAttempt } from '../../domain/rotation.ts'

/** Why there is nothing to rotate, with the next action. */
export const ONLY_BY_AUTHORIZING =
  'The provider gave no refresh token: only a new authorization brings a new credential.'

/** A connection whose credential a provider mints, with what describes that. */
export interface MintedConnection {
  readonly row: ConnectionRow
  readonly setup: Setup
  readonly profile: GrantProfile
}

/** The connection with its description; undefined when it is empty, or nothing of it is minted. */
export function mintedConnection(row: ConnectionRow): MintedConnection | undefined {
  const setup = row.setupType === undefined ? undefined : findSetupOf(row.appId, row.setupType)
  if (setup?.grant === undefined) return undefined
  return { row, setup, profile: setup.grant }
}

/** A connection on which this process has the permission to send: everything after the answer stands on it. */
export interface HeldConnection extends MintedConnection {
  readonly row: ConnectionRow & { readonly attempt: RotationAttempt }
}

/** The connection with its attempt; undefined when none stands on it. */
export function heldConnection(row: ConnectionRow): HeldConnection | undefined {
  const minted = mintedConnection(row)
  const { attempt } = row
  return minted === undefined || attempt === undefined ? undefined : { ...minted, row: { ...row, attempt } }
}
