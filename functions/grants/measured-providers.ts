import { CONNECTORS } from '../../shared/connectors/catalogue.ts'
import type { GrantProfile } from '../../shared/domain/grant-profile.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import type { Metrics } from '../../shared/ports/metrics.ts'
import type { OAuthClient } from '../../shared/ports/oauth-client.ts'
import type { ProviderBreaker } from '../../shared/ports/provider-breaker.ts'

/** The client, with each token request and revocation counted by app, and the token endpoints' answers timed. */
export function measuredOAuthClient(
  oauth: OAuthClient,
  ports: { readonly metrics: Metrics; readonly clock: Pick<Clock, 'monotonicMs'> },
): OAuthClient {
  const { metrics, clock } = ports
  const apps = appsByProfile()
  const appOf = (profile: GrantProfile): string => apps.get(profile) ?? appOfServices()
  return {
    async requestToken(request) {
      const app = appOf(request.profile)
      const startedMs = clock.monotonicMs()
      const outcome = await oauth.requestToken(request)
      metrics.observe('token_request_duration', clock.monotonicMs() - startedMs, { app })
      metrics.count('token_requests', 1, { app, outcome: outcome.kind })
      return outcome
    },
    async revoke(request) {
      const outcome = await oauth.revoke(request)
      metrics.count('revocations', 1, { app: appOf(request.profile), outcome: outcome.kind })
      return outcome
    },
    readImport: (request) => oauth.readImport(request),
    probe: (request) => oauth.probe(request),
  }
}

/** Profiles are parts of the catalogue, so each tells its app, and a figure by app needs nothing of a tenant's. */
function appsByProfile(): ReadonlyMap<GrantProfile, string> {
  return new Map(
    CONNECTORS.flatMap(({ appId, setups }) =>
      setups.flatMap(({ grant }) => (grant === undefined ? [] : [[grant, appId] as const])),
    ),
  )
}

/** A profile that is not the catalogue's own is that of a named service, and one app has all of those. */
function appOfServices(): string {
  const app = CONNECTORS.find(({ setups }) => setups.some(({ presets, grant }) => presets && grant))
  return app?.appId ?? 'unknown'
}

/** Says how many breakers this process has seen open; zeros only where they are kept and not written. */
export function measureBreakers(
  metrics: Metrics,
  breaker: Pick<ProviderBreaker, 'openCount'>,
  { withZeros }: { readonly withZeros: boolean },
): void {
  for (const kind of ['application', 'host'] as const) {
    const open = breaker.openCount(kind)
    if (open > 0 || withZeros) metrics.gauge('breakers_open', open, { kind })
  }
}
