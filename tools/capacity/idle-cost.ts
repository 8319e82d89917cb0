import { FUNCTION_TABLE } from '../../infra/function-table.ts'
import { OUTBOX_SHARDS, ROTATION_SHARDS, workShards } from '../../shared/domain/keys.ts'
import { AWS_PRICES } from './aws-figures.ts'

const MINUTES_A_MONTH = 730 * 60
/** Metrics that the alarms look at: each is paid for, however many an expression has. A test counts the template's. */
export const ALARM_METRICS = 65
/**
 * Figures that wake-ups alone write, each by its dimensions: four of sweep and publish, six of what reconcile puts
 * right, five of the comparison.
 */
const OWN_METRICS = 15
/** One makes digests, one wraps data keys. */
const KEYS = 2
/** A wake-up that finds nothing, in memory of 512 MB; assumed. */
const WAKE_UP_GIGABYTE_SECONDS = 0.1
/** Its lines and Lambda's own; assumed. */
const WAKE_UP_LOG_BYTES = 2_000
/** Lambda asks a queue that is empty with five connections, 20 s each (Lambda developer guide, SQS scaling). */
const POLLS_A_MINUTE = 15
/** Rotations, stop orders, deliveries. */
const POLLED_QUEUES = 3

/**
 * Dollars a month of keys that single tenants have to themselves: at first, and from the second yearly rotation on. Each
 * replica in another Region costs as much again; calls cost what they cost under the shared key.
 */
export function tenantKeysCost(keys: number): { readonly first: number; readonly later: number } {
  const { kmsKeyMonth, kmsRotationsCharged } = AWS_PRICES
  return { first: keys * kmsKeyMonth, later: keys * kmsKeyMonth * (1 + kmsRotationsCharged) }
}

/** That cost in words. */
export function tellTenantKeysCost(keys: number): string {
  const { first, later } = tenantKeysCost(keys)
  return `$${first} a month, $${later} from their second yearly rotation on, and as much again for each Region with replicas`
}

/** Dollars a month of a stage that nobody uses, by what they are paid for. */
export type IdleCost = Readonly<
  Record<'keys' | 'alarms' | 'dashboard' | 'own metrics' | 'wake-ups' | 'polling', number>
>

/** What a stage costs in a month without a connection or a request, at list prices without the free tier. */
export function idleCost(): IdleCost {
  const schedules = FUNCTION_TABLE.flatMap(({ schedules = [] }) => schedules)
  const millions = schedules.reduce((sum, { everyMinutes }) => sum + MINUTES_A_MONTH / everyMinutes, 0) / 1e6
  // Each asks its shards of the index, and pays a unit for nothing.
  const reads = ((ROTATION_SHARDS + workShards().length + OUTBOX_SHARDS) * MINUTES_A_MONTH) / 1e6
  return {
    keys: KEYS * AWS_PRICES.kmsKeyMonth,
    alarms: ALARM_METRICS * AWS_PRICES.alarmMetricMonth,
    dashboard: AWS_PRICES.dashboardMonth,
    'own metrics': OWN_METRICS * AWS_PRICES.metricMonth,
    'wake-ups':
      millions *
        (AWS_PRICES.millionInvocations + WAKE_UP_GIGABYTE_SECONDS * AWS_PRICES.millionGigabyteSeconds) +
      millions * (WAKE_UP_LOG_BYTES / 1e3) * AWS_PRICES.logGigabyte +
      reads * AWS_PRICES.millionReadUnits,
    polling: ((POLLED_QUEUES * POLLS_A_MINUTE * MINUTES_A_MONTH) / 1e6) * AWS_PRICES.millionQueueRequests,
  }
}
