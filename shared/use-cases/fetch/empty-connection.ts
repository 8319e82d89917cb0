import { findConnector, findSetupOf } from '../../connectors/catalogue.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import { VaultError } from '../../domain/errors.ts'

/** The 409 of a connection without a setup; an app that is authorized in a browser needs none. */
export function connectionEmpty(row: Pick<ConnectionRow, 'appId'>): VaultError {
  const isAuthorized = findConnector(row.appId)?.setups.some(
    ({ grant }) => grant?.kind === 'authorization-code' && grant.client.from === 'oauth-application',
  )
  const next = isAuthorized === true ? 'Authorize it, or add one' : 'Add one'
  return new VaultError('connection-empty', `The connection has no setup yet. ${next}, then try again.`)
}

/** Whether what people enter is all there is to it, and something of it is still to come. */
export function isIncomplete(row: Pick<ConnectionRow, 'appId' | 'setupType' | 'status'>): boolean {
  const setup = findSetupOf(row.appId, row.setupType)
  return row.status === 'pending' && setup !== undefined && setup.grant === undefined
}
