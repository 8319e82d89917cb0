import { findConnector, findSetup } from '../../connectors/catalogue.ts'
import type { Setup } from '../../connectors/connector.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import type { GrantProfile } from '../../domain/grant-profile.ts'

/** Why there is nothing to rotate, with the next action. */
export const ONLY_BY_AUTHORIZING =
  'The provider gave no refresh token: only a new authorization brings a new credential.'

/** A connection whose credential a provider mints, with what describes that. */
export interface MintedConnection {
  readonly row: ConnectionRow & { readonly secret: NonNullable<ConnectionRow['secret']> }
  readonly setup: Setup
  readonly profile: GrantProfile
}

/** The connection with its description; undefined when it has no setup or none that a provider mints. */
export function mintedConnection(row: ConnectionRow): MintedConnection | undefined {
  const connector = findConnector(row.appId)
  const setup =
    connector === undefined || row.setupType === undefined ? undefined : findSetup(connector, row.setupType)
  if (setup?.grant === undefined || row.secret === undefined) return undefined
  return { row: row as MintedConnection['row'], setup, profile: setup.grant }
}
