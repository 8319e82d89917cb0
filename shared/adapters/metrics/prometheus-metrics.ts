import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { METRIC_HELP } from '../../domain/metric-help.ts'
import {
  type DimensionName,
  METRICS,
  type MetricDefinition,
  type MetricName,
  metricOf,
} from '../../domain/metric-names.ts'
import type { Metrics } from '../../ports/metrics.ts'

/** The media type of what `text` answers. */
export const PROMETHEUS_CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE

/**
 * Far more than the table's dimensions can make of the apps, routes and outcomes there are. What goes beyond is
 * put together as `other`, so that a mistake costs detail and not memory.
 */
const MAX_SERIES = 2_000
const OTHER = 'other'

/** Base units are part of a name, as Prometheus has it. */
const UNIT_SUFFIXES = { count: '', ms: '_seconds', ratio: '_ratio' } as const

type Dimensions = Readonly<Partial<Record<DimensionName, string>>>
type Labels = Record<string, string>

/**
 * Metrics in memory, as the text that Prometheus scrapes (exposition format 0.0.4). Names get the prefix
 * `flow_vault_`, counters the suffix `_total`; durations are in seconds, as Prometheus has it. A figure that is no
 * number, which the library would throw for, is left out: no request is lost over it.
 */
export class PrometheusMetrics implements Metrics {
  readonly #registry = new Registry()
  readonly #counters = new Map<MetricName, Counter>()
  readonly #gauges = new Map<MetricName, Gauge>()
  readonly #distributions = new Map<MetricName, Histogram>()
  readonly #series = new Map<MetricName, Set<string>>()

  constructor() {
    for (const name of Object.keys(METRICS) as MetricName[]) this.#register(name, metricOf(name))
  }

  count(name: MetricName, value: number, dimensions: Dimensions = {}): void {
    if (Number.isFinite(value) && value >= 0)
      this.#counters.get(name)?.inc(this.#labels(name, dimensions), inUnit(name, value))
  }

  gauge(name: MetricName, value: number, dimensions: Dimensions = {}): void {
    if (Number.isFinite(value))
      this.#gauges.get(name)?.set(this.#labels(name, dimensions), inUnit(name, value))
  }

  observe(name: MetricName, value: number, dimensions: Dimensions = {}): void {
    if (Number.isFinite(value))
      this.#distributions.get(name)?.observe(this.#labels(name, dimensions), inUnit(name, value))
  }

  flush(): void {}

  /** All metrics with all their series, each metric with its HELP and TYPE. */
  text(): Promise<string> {
    return this.#registry.metrics()
  }

  #register(name: MetricName, { kind, unit, dimensions, bounds = [] }: MetricDefinition): void {
    const base = `flow_vault_${name}${UNIT_SUFFIXES[unit]}`
    const options = { help: METRIC_HELP[name], labelNames: dimensions, registers: [this.#registry] }
    if (kind === 'counter') this.#counters.set(name, new Counter({ ...options, name: `${base}_total` }))
    else if (kind === 'distribution') {
      const buckets = bounds.map((bound) => inUnit(name, bound))
      this.#distributions.set(name, new Histogram({ ...options, name: base, buckets }))
    } else {
      const gauge = new Gauge({ ...options, name: base })
      // Without labels it would begin at 0, and nobody has said yet how things stand.
      if (dimensions.length === 0) gauge.remove()
      this.#gauges.set(name, gauge)
    }
  }

  #labels(name: MetricName, dimensions: Dimensions): Labels {
    const names = metricOf(name).dimensions
    const labels = Object.fromEntries(names.map((label) => [label, dimensions[label] ?? '']))
    const known = this.#series.get(name) ?? new Set()
    this.#series.set(name, known)
    const key = JSON.stringify(labels)
    if (!known.has(key) && known.size >= MAX_SERIES)
      return Object.fromEntries(names.map((label) => [label, OTHER]))
    known.add(key)
    return labels
  }
}

function inUnit(name: MetricName, value: number): number {
  return metricOf(name).unit === 'ms' ? value / 1000 : value
}
