import { createGuardedFetch } from '../shared/adapters/oauth/outgoing-guard.ts'
import { createUrlCheck } from '../shared/adapters/oauth/outgoing-target.ts'
import { OAuth4WebApiClient } from '../shared/adapters/oauth/provider-oauth-client.ts'
import type { OutgoingProxy } from '../shared/adapters/oauth/proxy-tunnel.ts'
import { renderTemplate } from '../shared/connectors/template.ts'
import type { AuditTrail } from '../shared/ports/audit-trail.ts'
import type { GrantSealer } from '../shared/ports/grant-sealer.ts'
import type { Metrics } from '../shared/ports/metrics.ts'
import type { OutgoingFetch, UrlCheck } from '../shared/ports/outgoing-fetch.ts'
import type { Ports } from '../shared/ports/ports.ts'
import type { ProviderBreaker } from '../shared/ports/provider-breaker.ts'
import { FreezeWatch } from '../shared/use-cases/freezes/freeze-watch.ts'
import { AttemptWatch } from '../shared/use-cases/grants/attempt-watch.ts'
import { RestoredMark } from '../shared/use-cases/grants/restored-mark.ts'
import { OpenedSecrets } from '../shared/use-cases/memory/opened-secrets.ts'
import { grantsAtWork } from './grants/grants-at-work.ts'
import type { GrantsFunctionPorts } from './grants/ports.ts'

/** What calls providers, and the memory that it shares with whoever runs in the same process. */
export interface ComposedGrants extends GrantsFunctionPorts {
  readonly opened: OpenedSecrets
  readonly freezes: FreezeWatch
  readonly outgoing: OutgoingFetch
  readonly checkUrl: UrlCheck
}

/**
 * Builds what calls providers over the stores of one world: the same for the embedded server and for the `grants`
 * function. `allowHosts` may be private or plain http; `proxy` is gone through to others; `owner` names the process to people who read attempts,
 * `boot` this run, where a lock proves that it is the only one; `hasRoom` says whether an answer could be kept,
 * `charge` takes what a tenant's work has read from its budget.
 * `breaker` is shared by all who work on these rows.
 */
export function composeGrants(
  ports: Ports & { readonly metrics: Metrics; readonly sealer: GrantSealer; readonly audit?: AuditTrail },
  {
    allowHosts,
    proxy,
    owner,
    boot,
    breaker,
    hasRoom,
    charge,
  }: {
    allowHosts: readonly string[]
    proxy?: OutgoingProxy | undefined
    owner: string
    boot?: string
    breaker: ProviderBreaker
    hasRoom?: () => boolean
    charge?: (tenant: string, units: number) => void
  },
): ComposedGrants {
  const { clock, random, metrics, log } = ports
  const opened = new OpenedSecrets(ports.secrets, ports.sealer, { metrics })
  const freezes = new FreezeWatch(ports.items, clock)
  const checkUrl = createUrlCheck(allowHosts)
  const fetch = createGuardedFetch({ allowHosts, clock, proxy })
  const work = grantsAtWork({
    ...ports,
    oauth: new OAuth4WebApiClient({ fetch, render: renderTemplate, clock, random }),
    checkUrl,
    outgoing: fetch,
    opened,
    freezes,
    attempts: new AttemptWatch(clock, boot),
    breaker,
    restored: new RestoredMark(ports.items, clock),
    owner,
    ...(boot === undefined ? {} : { boot }),
    ...(hasRoom === undefined ? {} : { hasRoom }),
    ...(charge === undefined ? {} : { charge }),
  })
  return { ...work, opened, freezes, breaker, metrics, log, outgoing: fetch, checkUrl }
}
