import type { ConnectionRow } from '../../domain/connection.ts'
import { statusByEnd } from '../../domain/credential-end.ts'
import { SETUP_MISSING } from '../../domain/rotation.ts'
import { SecretNotFoundError } from '../../ports/secret-store.ts'
import { changeConnection } from '../commit/change-connection.ts'
import { tellMissingSetup } from '../commit/current-content.ts'
import { failureBecause } from './failure.ts'
import type { GrantPorts } from './grant-ports.ts'
import { failureMember } from './when-again.ts'

/**
 * Looks whether the setup of a static connection is there, and has the row say what was found: that it is gone, or that
 * it is back. Answers the row. A secret store may be behind, so nothing is ended for good: what is there again is
 * served.
 */
export async function lookForSetup(ports: GrantPorts, row: ConnectionRow): Promise<ConnectionRow> {
  const { secret } = row
  if (secret === undefined) return row
  const isThere = await isStored(ports, secret)
  const isMarked = row.failure?.code === SETUP_MISSING
  if (!isThere) tellMissingSetup(ports, row)
  if (isThere === !isMarked) return row
  return changeConnection(ports, row, (current) => {
    // Another setup is there by now, and this look was not at it.
    if (current.secret?.versionId !== secret.versionId) return undefined
    const nowMs = ports.clock.nowMs()
    if (isThere) {
      const members = { ...statusByEnd(current, nowMs), failure: undefined }
      return { members, event: { type: 'connection.recovered', changed: ['status'] } }
    }
    const told = failureBecause('setup-missing')
    const failure = failureMember(undefined, told, { nowMs, retryAtMs: undefined })
    const members = { status: 'degraded', statusReason: told.message, failure } as const
    return { members, event: { type: 'connection.degraded', changed: ['status'] } }
  })
}

/** Past what is in memory: there it may be still. */
async function isStored(
  ports: GrantPorts,
  { secretId, versionId }: NonNullable<ConnectionRow['secret']>,
): Promise<boolean> {
  try {
    await ports.secrets.get(secretId, versionId)
    return true
  } catch (error) {
    if (error instanceof SecretNotFoundError) return false
    throw error
  }
}
