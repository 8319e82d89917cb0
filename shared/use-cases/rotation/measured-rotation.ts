import type { Clock } from '../../ports/clock.ts'
import type { GrantRunner, RotationCause, RotationResult } from '../../ports/grant-runner.ts'
import type { Metrics } from '../../ports/metrics.ts'

interface MeasuringPorts {
  readonly metrics: Metrics
  readonly clock: Pick<Clock, 'nowMs'>
}

/** The runner, with what became of each rotation counted. */
export function measuredGrantRunner(runner: GrantRunner, ports: MeasuringPorts): GrantRunner {
  return {
    ...runner,
    async rotate(request, budgetMs) {
      const startedAtMs = ports.clock.nowMs()
      const result = await runner.rotate(request, budgetMs)
      countRotation(ports.metrics, { cause: request.cause, result, startedAtMs })
      return result
    },
  }
}

/**
 * Counts a rotation by what became of it: `rotated`, or the class of its failure. A failure from before
 * `startedAtMs` is no new one: nothing was sent, and it counts as `waiting`. Where there was nothing to do,
 * nothing is counted.
 */
export function countRotation(
  metrics: Metrics,
  rotation: {
    cause: RotationCause
    result: RotationResult | { readonly kind: 'late' | 'frozen' }
    startedAtMs: number
  },
): void {
  const { cause, result, startedAtMs } = rotation
  switch (result.kind) {
    case 'busy':
      metrics.count('lease_conflicts', 1, { cause })
      return
    case 'rotated':
    case 'late':
    case 'frozen':
      metrics.count('rotations', 1, { cause, outcome: result.kind })
      return
    case 'failed': {
      const { failure } = result.row
      const isNew = failure !== undefined && failure.lastAtMs >= startedAtMs
      metrics.count('rotations', 1, { cause, outcome: isNew ? failure.class : 'waiting' })
      return
    }
    case 'nothing':
    case 'gone':
  }
}
