import type { Metrics } from '../../ports/metrics.ts'
import type { ProviderBreaker } from '../../ports/provider-breaker.ts'

/** Says how many breakers this process has seen open, zeros included. */
export function measureBreakers(metrics: Metrics, breaker: Pick<ProviderBreaker, 'openCount'>): void {
  for (const kind of ['application', 'host'] as const) {
    metrics.gauge('breakers_open', breaker.openCount(kind), { kind })
  }
}
