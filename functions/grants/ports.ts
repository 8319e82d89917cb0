import type { Log } from '../../shared/ports/log.ts'
import type { Metrics } from '../../shared/ports/metrics.ts'
import type { ProviderBreaker } from '../../shared/ports/provider-breaker.ts'
import type { GrantsAtWork } from './grants-at-work.ts'

/** What the function reaches the world through. */
export interface GrantsFunctionPorts extends GrantsAtWork {
  readonly breaker: ProviderBreaker
  readonly metrics: Metrics
  readonly log: Log
}
