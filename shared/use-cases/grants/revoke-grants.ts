import { findConnector, findSetup } from '../../connectors/catalogue.ts'
import type { ConnectionRow, SecretPointer } from '../../domain/connection.ts'
import type { JsonObject } from '../../domain/json.ts'
import { SecretText } from '../../domain/secret-text.ts'
import { SecretNotFoundError } from '../../ports/secret-store.ts'
import { effectiveSetup, findApplicationClient } from '../oauth-applications/oauth-application.ts'
import type { GrantPorts } from './grant-ports.ts'
import type { TokensByName } from './sealed-tokens.ts'

/** A revocation is best effort: a provider that does not answer in this time is not waited for. */
const REVOCATION_TIMEOUT_MS = 10_000

/** What names the connection whose grants are revoked. */
type Revocable = Pick<
  ConnectionRow,
  'tenant' | 'id' | 'appId' | 'setupType' | 'oauthAppId' | 'setupDigest'
> & {
  readonly secret?: SecretPointer
}

/**
 * Revokes a connection's grants at the provider (RFC 7009, or the provider's own way), and answers how each went:
 * `revoked`, `unsupported` or `failed`. Never throws for what a provider does.
 */
export async function revokeGrants(
  ports: GrantPorts,
  connection: Revocable,
  tokens: TokensByName,
): Promise<Record<string, 'revoked' | 'unsupported' | 'failed'>> {
  const connector = findConnector(connection.appId)
  const profile = connector === undefined ? undefined : findSetup(connector, connection.setupType)?.grant
  if (profile === undefined) return {}
  const setup = await effectiveSetup(ports, connection, profile, await setupOf(ports, connection))
  const application = await findApplicationClient(ports, connection, profile, setup)
  const results: Record<string, 'revoked' | 'unsupported' | 'failed'> = {}
  for (const [name, grant] of Object.entries(tokens)) {
    const outcome = await ports.oauth.revoke({
      tenant: connection.tenant,
      profile,
      setup: new SecretText(JSON.stringify(setup)),
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

/** The setup the grants were minted with; without its secret, a public client may still be able to revoke. */
async function setupOf(ports: GrantPorts, { secret, setupType }: Revocable): Promise<JsonObject> {
  if (secret === undefined) return { type: setupType ?? '' }
  try {
    return (await ports.opened.open(secret)).content.setup
  } catch (error) {
    if (error instanceof SecretNotFoundError) return { type: setupType ?? '' }
    throw error
  }
}
