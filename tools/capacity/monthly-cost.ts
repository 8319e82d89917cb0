import { EVENT_RETENTION_DAYS } from '../../shared/domain/change-event.ts'
import { ROTATION_SHARDS } from '../../shared/domain/keys.ts'
import { AWS_PRICES } from './aws-figures.ts'
import { type CapacityInput, capacityOf } from './capacity-model.ts'
import { callsOfRotation, sealedBytes } from './rotation-calls.ts'

/** Of an average month of 730 hours, as AWS bills it. */
const SECONDS_A_MONTH = 730 * 3600
const DAYS_A_MONTH = 30.4
/** A provider answers in 0.3 s most often, and an instance of 1 GB waits for it; batches share the wait and cost less. */
const GIGABYTE_SECONDS = 0.3
/** A message is sent, received and deleted, in batches of two: fuller ones, up to ten, cost less. */
const QUEUE_REQUESTS = 3 / 2
/** One key makes digests, one wraps data keys. */
const KMS_KEYS = 2
/** Rows with keys and index entry, without what is sealed beside them. */
const ROW_STORED_BYTES = 2_000
const GIGABYTE = 1e9

/** Dollars a month by service. */
export type MonthlyCost = Readonly<Record<'Secrets Manager' | 'DynamoDB' | 'KMS' | 'Lambda' | 'SQS', number>>

/**
 * What rotation and storage cost in a month, at list prices, when people entered a setup for every connection; fetches,
 * logs and API calls come on top.
 */
export function monthlyCost(input: CapacityInput): MonthlyCost {
  const calls = callsOfRotation(input.secretStore, input.keptBytes)
  const millions = (capacityOf(input).rotationsPerSecond * SECONDS_A_MONTH) / 1e6
  const isManaged = input.secretStore === 'secrets-manager'
  const storedGigabytes =
    (input.connections * (ROW_STORED_BYTES + sealedBytes(input.secretStore, input.keptBytes)) +
      ((millions * 1e6 * EVENT_RETENTION_DAYS) / DAYS_A_MONTH) * calls.eventBytes) /
    GIGABYTE
  // Each sweep asks every shard, and reads at least one unit of it.
  const sweepReadMillions = (ROTATION_SHARDS * SECONDS_A_MONTH) / 60 / 1e6
  return {
    'Secrets Manager': isManaged
      ? input.connections * AWS_PRICES.secretMonth +
        millions * calls.secretReads * AWS_PRICES.millionSecretCalls
      : 0,
    DynamoDB:
      millions * calls.writeUnits * AWS_PRICES.millionWriteUnits +
      (millions * calls.readUnits + sweepReadMillions) * AWS_PRICES.millionReadUnits +
      storedGigabytes * AWS_PRICES.tableGigabyteMonth,
    KMS: KMS_KEYS * AWS_PRICES.kmsKeyMonth + millions * calls.kmsCalls * AWS_PRICES.millionKmsCalls,
    Lambda: millions * (AWS_PRICES.millionInvocations + GIGABYTE_SECONDS * AWS_PRICES.millionGigabyteSeconds),
    SQS: millions * QUEUE_REQUESTS * AWS_PRICES.millionQueueRequests,
  }
}

/** The sum of it. */
export function totalOf(cost: MonthlyCost): number {
  return Object.values(cost).reduce((sum, dollars) => sum + dollars, 0)
}

/** Were every rotation one EventBridge schedule, in dollars a month; a sweep of the index costs next to nothing. */
export function schedulesCost(input: CapacityInput): number {
  return ((capacityOf(input).rotationsPerSecond * SECONDS_A_MONTH) / 1e6) * AWS_PRICES.millionSchedules
}
