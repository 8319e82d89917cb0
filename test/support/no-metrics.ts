import type { Metrics } from '../../shared/ports/metrics.ts'

/** Measures nothing: for tests and the simulation. */
export class NoMetrics implements Metrics {
  count(): void {}
  observe(): void {}
  gauge(): void {}
  flush(): void {}
}
