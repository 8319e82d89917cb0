import type { Metrics } from '../../shared/ports/metrics.ts'
import type { FreezeWatch } from '../../shared/use-cases/freezes/freeze-watch.ts'
import type { GrantPorts } from '../../shared/use-cases/grants/grant-ports.ts'

/** What the function reaches the world through. */
export interface GrantsFunctionPorts extends GrantPorts {
  readonly freezes: FreezeWatch
  readonly metrics: Metrics
}
