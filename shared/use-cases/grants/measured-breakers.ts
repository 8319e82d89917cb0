import type { Metrics } from '../../ports/metrics.ts'
import type { ProviderBreaker } from '../../ports/provider-breaker.ts'

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
