import { createGuardedFetch } from '../../shared/adapters/oauth/outgoing-guard.ts'
import { OAuth4WebApiClient } from '../../shared/adapters/oauth/provider-oauth-client.ts'
import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../../shared/adapters/system/system-random.ts'
import { renderTemplate } from '../../shared/connectors/template.ts'
import type { GrantProfile } from '../../shared/domain/grant-profile.ts'
import { SecretText } from '../../shared/domain/secret-text.ts'
import type { TokenRequest } from '../../shared/ports/oauth-client.ts'

/** The real client over the real guard, which lets it speak to the given `host:port`s in plain http. */
export function oauthClientFor(...allowHosts: string[]): OAuth4WebApiClient {
  const clock = new SystemClock()
  return new OAuth4WebApiClient({
    clock,
    random: new SystemRandom(),
    render: renderTemplate,
    fetch: createGuardedFetch({ allowHosts, clock }),
  })
}

/** A plain profile over the setup's `token_url`; the overrides are what a test is about. */
export function profileWith(overrides: Partial<GrantProfile> = {}): GrantProfile {
  return {
    kind: 'client-credentials',
    tokenUrl: '{token_url}',
    clientAuthentication: 'client_secret_post',
    client: { from: 'oauth-application' },
    bodyFormat: 'form',
    pkce: 'S256',
    scopes: { separator: ' ', default: [], requested: true },
    expiry: { zeroMeans: 'invalid', whenAbsent: { assumedSeconds: 1800 } },
    refresh: { rotation: 'no-refresh' },
    sources: {},
    ...overrides,
  }
}

/** A client-credentials request with the given parts replaced. */
export function tokenRequestWith(
  overrides: Partial<Omit<TokenRequest, 'setup'>> & { readonly setup?: Readonly<Record<string, string>> },
): TokenRequest {
  const { setup, ...rest } = overrides
  return {
    tenant: 'acme',
    profile: profileWith(),
    setup: new SecretText(JSON.stringify(setup ?? {})),
    client: { id: 'client-1', secret: new SecretText('secret-1') },
    grant: { kind: 'client-credentials' },
    scopes: [],
    timeoutMs: 5_000,
    ...rest,
  }
}
