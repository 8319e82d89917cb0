import type { ConnectionRow } from '../../domain/connection.ts'
import { defined } from '../../domain/defined.ts'
import { errorFields } from '../../ports/error-fields.ts'
import type {
  GrantRunner,
  RevokeStoredRequest,
  RevokeStoredResult,
  StoredSetup,
} from '../../ports/grant-runner.ts'
import type { Ports } from '../../ports/ports.ts'

/** The row's stored secret, as those who call providers need it; undefined for an empty connection. */
export function storedSetupOf(row: ConnectionRow): StoredSetup | undefined {
  const { account, authorization, clientDigest, grant, oauthAppId, secret, setupDigest, setupType } = row
  if (setupType === undefined || setupDigest === undefined) return undefined
  return {
    tenant: row.tenant,
    id: row.id,
    appId: row.appId,
    setupType,
    setupDigest,
    ...defined({ account, authorization, clientDigest, grant, oauthAppId, secret }),
  }
}

/** Revokes the grants of a stored secret, best effort, and logs how it went; the answers by grant name. */
export async function revokeStored(
  ports: Ports & { grants: GrantRunner },
  stored: RevokeStoredRequest,
): Promise<RevokeStoredResult> {
  try {
    const outcome = await ports.grants.revoke(stored)
    ports.log.info('revoked at the provider', { connection_id: stored.id, outcome: JSON.stringify(outcome) })
    return outcome
  } catch (error) {
    ports.log.warn('could not revoke at the provider', {
      connection_id: stored.id,
      ...errorFields(error),
    })
    return { main: 'failed' }
  }
}
