import type { DeploymentSettings } from './stage-file.ts'

/** The most messages SQS gives a function at once without a batching window. */
export const MAX_BATCH = 10
/** A rotation takes a provider's answer and a few writes: 2 s is more than most. */
export const ROTATION_S = 2
/** Instances that write secrets, as many as are reckoned with: `api` and `reconcile`; rotations write none. */
const SECRET_WRITERS = 10

/** How fast rotation may go, from how many instances there are. */
export interface RotationPace {
  /** Instances that write secrets: each keeps to its part of the quota. */
  readonly secretWriters: number
  /** Instances that work the queue of rotations. */
  readonly queueInstances: number
  readonly batchSize: number
  /** What a sweep hands over in a minute at most. */
  readonly rotationsPerMinute: number
}

/** The pace of a deployment: its workers with full batches are the limit, whichever store holds the setups. */
export function rotationPace({ workers }: Pick<DeploymentSettings, 'workers'>): RotationPace {
  return {
    secretWriters: SECRET_WRITERS,
    queueInstances: workers,
    batchSize: MAX_BATCH,
    rotationsPerMinute: Math.floor((workers * MAX_BATCH * 60) / ROTATION_S),
  }
}
