import type { Metrics } from '../../shared/ports/metrics.ts'
import type { Loop } from './loops.ts'

/** The loop, with its runs counted: a loop that is counted no more hangs, one that only fails has a reason in the log. */
export function measuredLoop(loop: Loop, metrics: Metrics): Loop {
  return {
    ...loop,
    async run() {
      try {
        await loop.run()
      } catch (error) {
        metrics.count('loop_runs', 1, { loop: loop.name, outcome: 'failed' })
        throw error
      }
      metrics.count('loop_runs', 1, { loop: loop.name, outcome: 'done' })
    },
  }
}
