import { findConnector, findSetup } from '../../connectors/catalogue.ts'
import type { ConnectionRow } from '../../domain/connection.ts'
import { SecretText } from '../../domain/secret-text.ts'
import type { SecretContent } from '../commit/secret-content.ts'
import { findApplicationClient } from '../oauth-applications/oauth-application.ts'
import type { GrantPorts } from './grant-ports.ts'

/** A revocation is best effort: a provider that does not answer in this time is not waited for. */
const REVOCATION_TIMEOUT_MS = 10_000

/** What names the connection whose grants are revoked. */
type Revocable = Pick<ConnectionRow, 'tenant' | 'id' | 'appId' | 'setupType' | 'oauthAppId' | 'setupDigest'>

/**
 * Revokes a connection's grants at the provider (RFC 7009, or the provider's own way), and answers how each went:
 * `revoked`, `unsupported` or `failed`. Never throws for what a provider does.
 */
export async function revokeGrants(
  ports: GrantPorts,
  connection: Revocable,
  content: SecretContent,
): Promise<Record<string, 'revoked' | 'unsupported' | 'failed'>> {
  const connector = findConnector(connection.appId)
  const profile = connector === undefined ? undefined : findSetup(connector, connection.setupType)?.grant
  if (profile === undefined || content.grants === undefined) return {}
  const application = await findApplicationClient(ports, connection, profile, content.setup)
  const results: Record<string, 'revoked' | 'unsupported' | 'failed'> = {}
  for (const [name, grant] of Object.entries(content.grants)) {
    const outcome = await ports.oauth.revoke({
      profile,
      setup: new SecretText(JSON.stringify(content.setup)),
      ...(application === undefined ? {} : { client: application.client }),
      accessToken: new SecretText(grant.access_token),
      ...(grant.refresh_token === undefined ? {} : { refreshToken: new SecretText(grant.refresh_token) }),
      extra: grant.extra,
      timeoutMs: REVOCATION_TIMEOUT_MS,
    })
    results[name] = outcome.kind
  }
  return results
}
