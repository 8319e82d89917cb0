import { WRITES_PER_SECOND } from '../shared/adapters/secrets-manager/write-budget.ts'
import type { DeploymentSettings } from './stage-file.ts'

/** The most messages SQS gives a function at once without a batching window. */
export const MAX_BATCH = 10
/** A batch's writes must fit in half of the 5 s that a write waits for its turn at most. */
const BATCH_WRITES_WITHIN_S = 2.5
/** A rotation takes a provider's answer and a few writes: 2 s is more than most. */
export const ROTATION_S = 2

/** How fast rotation may go, from how many instances there are and what the secret store allows. */
export interface RotationPace {
  /** Instances that write secrets, as many as are reckoned with: each keeps to its part of the quota. */
  readonly secretWriters: number
  /** Instances that work the queue of rotations. */
  readonly queueInstances: number
  readonly batchSize: number
  /** What a sweep hands over in a minute at most. */
  readonly rotationsPerMinute: number
}

/** Writers beside the workers that are reckoned with: the management function and the calls of `grants`. */
const OTHER_WRITERS = 10

/** The pace of a deployment. With Secrets Manager its writes are the limit; sealed, the workers are. */
export function rotationPace({
  workers,
  secretStore,
}: Pick<DeploymentSettings, 'workers' | 'secretStore'>): RotationPace {
  const secretWriters = 2 * workers + OTHER_WRITERS
  const writesPerSecond =
    secretStore === 'sealed' ? Number.POSITIVE_INFINITY : WRITES_PER_SECOND / secretWriters
  const batchSize = Math.min(MAX_BATCH, Math.max(1, Math.floor(writesPerSecond * BATCH_WRITES_WITHIN_S)))
  const perSecond = Math.min(batchSize / ROTATION_S, writesPerSecond)
  const rotationsPerMinute = Math.floor(workers * perSecond * 60)
  return { secretWriters, queueInstances: workers, batchSize, rotationsPerMinute }
}
