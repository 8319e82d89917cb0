import { METRIC_HELP } from '../../domain/metric-help.ts'
import {
  type DimensionName,
  METRICS,
  type MetricDefinition,
  type MetricName,
  metricOf,
} from '../../domain/metric-names.ts'
import type { Metrics } from '../../ports/metrics.ts'

/** The media type of the format below. */
export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * Far more than the table's dimensions can make of the apps, routes and outcomes there are. What goes beyond is
 * put together as `other`, so that a mistake costs detail and not memory.
 */
const MAX_SERIES = 2_000
const OTHER = 'other'

/** Base units are part of a name, as Prometheus has it. */
const UNIT_SUFFIXES = { count: '', ms: '_seconds', ratio: '_ratio' } as const

type Dimensions = Readonly<Partial<Record<DimensionName, string>>>

/** One time series: a number, or the buckets of a distribution. */
interface Series {
  readonly labels: string
  value: number
  readonly buckets: number[]
  observed: number
}

/**
 * Metrics in memory, as the text that Prometheus scrapes (exposition format 0.0.4). Names get the prefix
 * `flow_vault_`, counters the suffix `_total`; durations are in seconds, as Prometheus has it.
 */
export class PrometheusMetrics implements Metrics {
  readonly #series = new Map<MetricName, Map<string, Series>>()

  constructor() {
    for (const name of metricNames()) this.#series.set(name, new Map())
    // A counter without dimensions starts at 0: a rise from nothing would not show as one.
    for (const name of metricNames()) {
      const { kind, dimensions } = metricOf(name)
      if (kind !== 'gauge' && dimensions.length === 0) this.#find(name, {})
    }
  }

  count(name: MetricName, value: number, dimensions: Dimensions = {}): void {
    this.#find(name, dimensions).value += value
  }

  gauge(name: MetricName, value: number, dimensions: Dimensions = {}): void {
    this.#find(name, dimensions).value = value
  }

  observe(name: MetricName, value: number, dimensions: Dimensions = {}): void {
    const series = this.#find(name, dimensions)
    const bounds = metricOf(name).bounds ?? []
    const index = bounds.findIndex((bound) => value <= bound)
    if (index >= 0) series.buckets[index]! += 1
    series.observed += 1
    series.value += value
  }

  flush(): void {}

  /** All metrics with all their series, each metric with its HELP and TYPE. */
  text(): string {
    let text = ''
    for (const [name, series] of this.#series) {
      const definition = metricOf(name)
      const exposed = exposedName(name, definition)
      const type = definition.kind === 'distribution' ? 'histogram' : definition.kind
      text += `# HELP ${exposed} ${escapeHelp(METRIC_HELP[name])}\n# TYPE ${exposed} ${type}\n`
      for (const one of series.values()) text += linesOf(exposed, one, definition)
    }
    return text
  }

  #find(name: MetricName, dimensions: Dimensions): Series {
    const all = this.#series.get(name)!
    const names = metricOf(name).dimensions
    const labels = labelsOf(names.map((label) => [label, dimensions[label] ?? '']))
    const known = all.get(labels)
    if (known !== undefined) return known
    const kept = all.size < MAX_SERIES ? labels : labelsOf(names.map((label) => [label, OTHER]))
    const series = all.get(kept) ?? {
      labels: kept,
      value: 0,
      buckets: (metricOf(name).bounds ?? []).map(() => 0),
      observed: 0,
    }
    all.set(kept, series)
    return series
  }
}

function metricNames(): readonly MetricName[] {
  return Object.keys(METRICS) as MetricName[]
}

function exposedName(name: MetricName, { kind, unit }: MetricDefinition): string {
  const base = `flow_vault_${name}${UNIT_SUFFIXES[unit]}`
  return kind === 'counter' ? `${base}_total` : base
}

function linesOf(exposed: string, series: Series, definition: MetricDefinition): string {
  const inUnit = (value: number) => numberText(definition.unit === 'ms' ? value / 1000 : value)
  const { labels } = series
  if (definition.kind !== 'distribution') return `${exposed}${braced(labels)} ${inUnit(series.value)}\n`
  let text = ''
  let upTo = 0
  for (const [index, bound] of (definition.bounds ?? []).entries()) {
    upTo += series.buckets[index]!
    text += `${exposed}_bucket${braced(labels, `le="${inUnit(bound)}"`)} ${upTo}\n`
  }
  text += `${exposed}_bucket${braced(labels, 'le="+Inf"')} ${series.observed}\n`
  text += `${exposed}_sum${braced(labels)} ${inUnit(series.value)}\n`
  return `${text}${exposed}_count${braced(labels)} ${series.observed}\n`
}

function labelsOf(pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([label, value]) => `${label}="${escapeLabel(value)}"`).join(',')
}

function braced(...labels: readonly string[]): string {
  const given = labels.filter((label) => label !== '')
  return given.length === 0 ? '' : `{${given.join(',')}}`
}

/** The format has Go's spelling of the numbers that are none. */
function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value)
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"')
}
