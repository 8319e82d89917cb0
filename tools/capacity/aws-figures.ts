/*
 * What AWS allows and charges: us-east-1 list prices without free tier or discount, read in November 2026. To plan
 * with other figures, change them here; every table follows.
 */

/** Quotas of one account in one Region, as they are before anybody asks for more. */
export const AWS_QUOTAS = {
  /** GetSecretValue with DescribeSecret (Secrets Manager quotas page). */
  secretReadsPerSecond: 10_000,
  /** Secrets (Secrets Manager quotas page, edition of 2023). */
  secrets: 500_000,
  /** Write units of one partition, in any table mode (DynamoDB guide, warm throughput scenarios). */
  partitionWriteUnitsPerSecond: 1_000,
  /** Write units of a table, adjustable (DynamoDB quotas page; not re-read in 2026). */
  tableWriteUnitsPerSecond: 40_000,
  /**
   * Symmetric operations in most Regions, adjustable; ten times as many in us-east-1, us-west-2 and eu-west-1 (KMS
   * quotas page).
   */
  kmsCallsPerSecond: 10_000,
  /** Executions at the same time, adjustable (Lambda quotas page). */
  lambdaConcurrency: 1_000,
  /** Invocations, adjustable: what one schedule a connection would need (EventBridge Scheduler quotas page). */
  schedulerInvocationsPerSecond: 1_000,
  /** Messages in flight of a standard queue (SQS quotas page). */
  queueMessagesInFlight: 120_000,
} as const

/** Dollars, each for the unit in its name. */
export const AWS_PRICES = {
  /** $0.40 a secret (Secrets Manager pricing page, September 2026). */
  secretMonth: 0.4,
  /** $0.05 per 10,000 (same page). */
  millionSecretCalls: 5,
  /** On demand (DynamoDB pricing page, 2026). */
  millionWriteUnits: 0.625,
  /** On demand, consistent reads of up to 4 KB (same page). */
  millionReadUnits: 0.125,
  /** (same page) */
  tableGigabyteMonth: 0.25,
  /** $0.03 per 10,000 (KMS pricing page, 2026). */
  millionKmsCalls: 3,
  /** Customer keys (same page). */
  kmsKeyMonth: 1,
  /** Of a key that is rotated by itself, once more for its first and its second rotation (same page). */
  kmsRotationsCharged: 2,
  /** (Lambda pricing page, 2026) */
  millionInvocations: 0.2,
  /** Arm, which the functions run on (same page). */
  millionGigabyteSeconds: 13.3334,
  /** Standard queue (SQS pricing page, 2025). */
  millionQueueRequests: 0.4,
  /** (EventBridge pricing page, March 2026) */
  millionSchedules: 1,
  /** Requests of an HTTP API. */
  millionHttpRequests: 1,
  /** Log lines, taken in. */
  logGigabyte: 0.5,
  /** Traces that X-Ray records. */
  millionTraces: 5,
  /** Standard resolution, for each metric that an alarm looks at (CloudWatch pricing page). */
  alarmMetricMonth: 0.1,
  /** A metric of one's own, by its dimensions, up to 10,000 of them (same page). */
  metricMonth: 0.3,
  /** (same page) */
  dashboardMonth: 3,
} as const
