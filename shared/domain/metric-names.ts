/** What a metric is told apart by. A tenant is none of these: each would be a time series to pay for; it goes to the log. */
export type DimensionName = 'app' | 'cause' | 'kind' | 'loop' | 'operation' | 'outcome' | 'route' | 'status'

/** One metric, as every reader needs it: the two adapters, the alarms and the documentation. */
export interface MetricDefinition {
  /** `counter`: only rises · `gauge`: how it stands now · `distribution`: single values, read as percentiles. */
  readonly kind: 'counter' | 'gauge' | 'distribution'
  /** `ratio`: a part of 1. */
  readonly unit: 'count' | 'ms' | 'ratio'
  readonly dimensions: readonly DimensionName[]
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
/** A change is published in milliseconds; what waits a minute has lost its publisher. */
const PUBLISH_MS = [5, 10, 25, 50, 100, 250, 500, 1_000, 5_000, 30_000, 60_000, 300_000, 3_600_000]
/** A write waits for its turn 5 s at most. */
const WAIT_MS = [1, 10, 30, 100, 300, 1_000, 3_000, 5_000]

/** Every metric there is, by name. To add one: an entry here, a line in `metric-help.ts`, and the place that measures it. */
export const METRICS = {
  rotations: {
    kind: 'counter',
    unit: 'count',
    dimensions: ['cause', 'outcome'],
  },
  lease_conflicts: {
    kind: 'counter',
    unit: 'count',
    dimensions: ['cause'],
  },
  due_lag: {
    kind: 'distribution',
    unit: 'ms',
    dimensions: [],
    bounds: LAG_MS,
  },
  oldest_due: {
    kind: 'gauge',
    unit: 'ms',
    dimensions: [],
  },
  sweeps: {
    kind: 'counter',
    unit: 'count',
    dimensions: ['outcome'],
  },
  work_queue_depth: {
    kind: 'gauge',
    unit: 'count',
    dimensions: [],
  },
  work_failures: {
    kind: 'counter',
    unit: 'count',
    dimensions: ['kind'],
  },
  token_requests: {
    kind: 'counter',
    unit: 'count',
    dimensions: ['app', 'outcome'],
  },
  token_request_duration: {
    kind: 'distribution',
    unit: 'ms',
    dimensions: ['app'],
    bounds: PROVIDER_MS,
  },
  breakers_open: {
    kind: 'gauge',
    unit: 'count',
    dimensions: ['kind'],
  },
  revocations: {
    kind: 'counter',
    unit: 'count',
    dimensions: ['app', 'outcome'],
  },
  rescues: {
    kind: 'counter',
    unit: 'count',
    dimensions: ['outcome'],
  },
  reconcile_items: {
    kind: 'counter',
    unit: 'count',
    dimensions: ['kind'],
  },
  fetches: {
    kind: 'counter',
    unit: 'count',
    dimensions: ['outcome'],
  },
  fetch_duration: {
    kind: 'distribution',
    unit: 'ms',
    dimensions: ['outcome'],
    bounds: REQUEST_MS,
  },
  secret_lookups: {
    kind: 'counter',
    unit: 'count',
    dimensions: ['outcome'],
  },
  secret_writes: {
    kind: 'counter',
    unit: 'count',
    dimensions: ['operation'],
  },
  secret_write_budget_use: {
    kind: 'gauge',
    unit: 'ratio',
    dimensions: ['operation'],
  },
  secret_write_wait: {
    kind: 'distribution',
    unit: 'ms',
    dimensions: [],
    bounds: WAIT_MS,
  },
  freezes_seen: {
    kind: 'gauge',
    unit: 'count',
    dimensions: [],
  },
  events_published: {
    kind: 'counter',
    unit: 'count',
    dimensions: ['outcome'],
  },
  publish_lag: {
    kind: 'distribution',
    unit: 'ms',
    dimensions: [],
    bounds: PUBLISH_MS,
  },
  deliveries: {
    kind: 'counter',
    unit: 'count',
    dimensions: ['outcome'],
  },
  delivery_lag: {
    kind: 'distribution',
    unit: 'ms',
    dimensions: [],
    bounds: PUBLISH_MS,
  },
  outbox_oldest: {
    kind: 'gauge',
    unit: 'ms',
    dimensions: [],
  },
  http_requests: {
    kind: 'counter',
    unit: 'count',
    dimensions: ['route', 'status'],
  },
  http_request_duration: {
    kind: 'distribution',
    unit: 'ms',
    dimensions: ['route', 'status'],
    bounds: REQUEST_MS,
  },
  loop_runs: {
    kind: 'counter',
    unit: 'count',
    dimensions: ['loop', 'outcome'],
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
