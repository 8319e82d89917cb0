/** What a metric is told apart by. A tenant is none of these: each would be a time series to pay for; it goes to the log. */
export type DimensionName = 'app' | 'cause' | 'kind' | 'loop' | 'operation' | 'outcome' | 'route' | 'status'

/** One metric, as every reader needs it: the two adapters, the alarms and the documentation. */
export interface MetricDefinition {
  /** `counter`: only rises · `gauge`: how it stands now · `distribution`: single values, read as percentiles. */
  readonly kind: 'counter' | 'gauge' | 'distribution'
  /** `ratio`: a part of 1. */
  readonly unit: 'count' | 'ms' | 'ratio'
  readonly dimensions: readonly DimensionName[]
  /** For people who read a dashboard. */
  readonly help: string
  /** Upper bounds of a distribution's buckets, in its unit, ascending. */
  readonly bounds?: readonly number[]
}

/** From a fetch out of memory to one that waits for a rotation, whose budget is 10 s. */
const REQUEST_MS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000]
/** Providers answer in tens of ms to seconds, and are given 60 s. */
const PROVIDER_MS = [25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000]
/** A sweep comes each minute; the alarm rings at three. */
const LAG_MS = [
  1_000, 5_000, 15_000, 30_000, 60_000, 120_000, 180_000, 300_000, 600_000, 1_800_000, 3_600_000,
]
/** A write waits for its turn 5 s at most. */
const WAIT_MS = [1, 10, 30, 100, 300, 1_000, 3_000, 5_000]

/** Every metric there is, by name. To add one: a line here, and the place that measures it. */
export const METRICS = {
  rotations: {
    kind: 'counter',
    unit: 'count',
    dimensions: ['cause', 'outcome'],
    help: 'Rotations by cause and by what became of them: rotated, the class of the failure, waiting (an older failure stands and nothing was sent), frozen, or late (nobody waited for the end).',
  },
  lease_conflicts: {
    kind: 'counter',
    unit: 'count',
    dimensions: ['cause'],
    help: 'Rotations that another holder was at already.',
  },
  due_lag: {
    kind: 'distribution',
    unit: 'ms',
    dimensions: [],
    bounds: LAG_MS,
    help: 'How long after it was due the rotation of a connection began.',
  },
  oldest_due: {
    kind: 'gauge',
    unit: 'ms',
    dimensions: [],
    help: 'How long the connection that is due for the longest time has been waiting, at the last sweep.',
  },
  sweeps: {
    kind: 'counter',
    unit: 'count',
    dimensions: ['outcome'],
    help: 'Sweeps of the due index: complete, or full when more was due than the workers can do.',
  },
  work_queue_depth: {
    kind: 'gauge',
    unit: 'count',
    dimensions: [],
    help: 'Pieces of work that wait or run.',
  },
  work_failures: {
    kind: 'counter',
    unit: 'count',
    dimensions: ['kind'],
    help: 'Pieces of work that ended in an error and come again.',
  },
  token_requests: {
    kind: 'counter',
    unit: 'count',
    dimensions: ['app', 'outcome'],
    help: 'Requests to token endpoints, by app and by granted or the class of the failure.',
  },
  token_request_duration: {
    kind: 'distribution',
    unit: 'ms',
    dimensions: ['app'],
    bounds: PROVIDER_MS,
    help: 'How long token endpoints take to answer, by app.',
  },
  breakers_open: {
    kind: 'gauge',
    unit: 'count',
    dimensions: ['kind'],
    help: 'OAuth applications and catalogue hosts (kind) that failed five times in a row and have not answered since; this process lets one request a minute through to each.',
  },
  revocations: {
    kind: 'counter',
    unit: 'count',
    dimensions: ['app', 'outcome'],
    help: 'Grants to be revoked at the provider, by app and by what became of it.',
  },
  rescues: {
    kind: 'counter',
    unit: 'count',
    dimensions: ['outcome'],
    help: 'New grants whose commit was lost: left (seen waiting by reconcile), then adopted, superseded or revoked, or contended when it is to be tried again.',
  },
  reconcile_items: {
    kind: 'counter',
    unit: 'count',
    dimensions: ['kind'],
    help: 'What reconcile put right after a crash, by kind: intents undone, deletions finished, recovery windows ended, rescues and freeze jobs started again, and what failed; and what the daily comparison of both stores removed, postponed and restored, and the pointers to nothing that it found.',
  },
  fetches: {
    kind: 'counter',
    unit: 'count',
    dimensions: ['outcome'],
    help: 'Fetches by flows: served, not-modified, or why not.',
  },
  fetch_duration: {
    kind: 'distribution',
    unit: 'ms',
    dimensions: ['outcome'],
    bounds: REQUEST_MS,
    help: 'How long a fetch takes, rotation in line included, by what came of it.',
  },
  secret_lookups: {
    kind: 'counter',
    unit: 'count',
    dimensions: ['outcome'],
    help: 'Lookups of opened secrets: hit from memory, miss from the secret store.',
  },
  secret_writes: {
    kind: 'counter',
    unit: 'count',
    dimensions: ['operation'],
    help: 'Writes to Secrets Manager by operation: each has a quota of 50 a second for the account and Region.',
  },
  secret_write_budget_use: {
    kind: 'gauge',
    unit: 'ratio',
    dimensions: ['operation'],
    help: 'Part of this process its share of the budget for writes to Secrets Manager (70 % of the quota) that the last minute used, by operation. The embedded vault writes to its own disk, which has no quota: always 0.',
  },
  secret_write_wait: {
    kind: 'distribution',
    unit: 'ms',
    dimensions: [],
    bounds: WAIT_MS,
    help: 'How long a write to Secrets Manager waited so that all of them stay within the quota.',
  },
  freezes_seen: {
    kind: 'gauge',
    unit: 'count',
    dimensions: [],
    help: 'Freezes in force as this process last read them: those of tenants that nobody asks for are not among them. GET /api/v2/flows/vault/freezes lists all of a tenant.',
  },
  http_requests: {
    kind: 'counter',
    unit: 'count',
    dimensions: ['route', 'status'],
    help: 'Requests by route and class of HTTP status, such as 2xx.',
  },
  http_request_duration: {
    kind: 'distribution',
    unit: 'ms',
    dimensions: ['route', 'status'],
    bounds: REQUEST_MS,
    help: 'How long requests take, by route and class of HTTP status.',
  },
  loop_runs: {
    kind: 'counter',
    unit: 'count',
    dimensions: ['loop', 'outcome'],
    help: 'Runs of the recurring work of the embedded server: done or failed.',
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>

export type MetricName = keyof typeof METRICS

/** The names of one kind of metric. */
export type MetricNameOf<Kind extends MetricDefinition['kind']> = {
  [Name in MetricName]: (typeof METRICS)[Name]['kind'] extends Kind ? Name : never
}[MetricName]

/** The values of a metric's dimensions: all that the table names, and no other. */
export type DimensionsOf<Name extends MetricName> = Readonly<
  Record<(typeof METRICS)[Name]['dimensions'][number], string>
>

/** The definition with its type widened, for those who loop over all. */
export function metricOf(name: MetricName): MetricDefinition {
  return METRICS[name]
}

/** The metric as CloudWatch has it: `DueLag` for `due_lag`. Alarms and the EMF adapter use the same one. */
export function cloudWatchNameOf(name: MetricName): string {
  return name
    .split('_')
    .map((word) => word[0]!.toUpperCase() + word.slice(1))
    .join('')
}

/** The one dimension that everything in CloudWatch has besides its own; alarms must name it. */
export const METRICS_SERVICE = 'flow-vault'

/** The namespace of a deployment's metrics in CloudWatch. */
export function metricsNamespaceOf(deployment: string): string {
  return `FlowVault/${deployment}`
}
