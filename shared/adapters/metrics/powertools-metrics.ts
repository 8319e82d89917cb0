import { MetricUnit, Metrics as PowertoolsEmf } from '@aws-lambda-powertools/metrics'
import {
  cloudWatchNameOf,
  type DimensionName,
  METRICS_SERVICE,
  type MetricName,
  type MetricNameOf,
  metricOf,
  metricsNamespaceOf,
} from '../../domain/metric-names.ts'
import type { Metrics } from '../../ports/metrics.ts'

/** The embedded metric format takes 100 values of one metric in one line; Powertools publishes by itself at 100. */
const MAX_VALUES = 99

/** CloudWatch has a unit for percent, and none for a part of 1. */
const UNITS = { count: MetricUnit.Count, ms: MetricUnit.Milliseconds, ratio: MetricUnit.NoUnit } as const

type Dimensions = Readonly<Partial<Record<DimensionName, string>>>

/** What has the same dimensions, and so goes into one line. */
interface Batch {
  readonly dimensions: Dimensions
  readonly values: Map<MetricName, number[]>
}

/**
 * Metrics on AWS: lines in CloudWatch's embedded metric format on standard output, written by Powertools, so that
 * no call is made while a request waits. They are collected until `flush`, one line for each set of dimensions:
 * a log line costs as much as the metric in it.
 */
export class PowertoolsMetrics implements Metrics {
  readonly #emf: PowertoolsEmf
  #batches = new Map<string, Batch>()

  constructor(options: { deployment: string }) {
    const namespace = metricsNamespaceOf(options.deployment)
    this.#emf = new PowertoolsEmf({ namespace, serviceName: METRICS_SERVICE })
  }

  count(name: MetricNameOf<'counter'>, value: number, dimensions: Dimensions = {}): void {
    const values = this.#valuesOf(name, dimensions)
    values[0] = (values[0] ?? 0) + value
  }

  gauge(name: MetricNameOf<'gauge'>, value: number, dimensions: Dimensions = {}): void {
    this.#valuesOf(name, dimensions)[0] = value
  }

  observe(name: MetricNameOf<'distribution'>, value: number, dimensions: Dimensions = {}): void {
    this.#valuesOf(name, dimensions).push(value)
  }

  flush(): void {
    const batches = this.#batches
    this.#batches = new Map()
    for (const batch of batches.values()) this.#publish(batch)
  }

  #publish({ dimensions, values }: Batch): void {
    const waiting = new Map([...values].map(([name, all]) => [name, all.filter(Number.isFinite)]))
    while ([...waiting.values()].some((all) => all.length > 0)) {
      for (const [name, value] of Object.entries(dimensions)) this.#emf.addDimension(name, value)
      for (const [name, all] of waiting) {
        const unit = UNITS[metricOf(name).unit]
        for (const value of all.splice(0, MAX_VALUES))
          this.#emf.addMetric(cloudWatchNameOf(name), unit, value)
      }
      this.#emf.publishStoredMetrics()
    }
  }

  #valuesOf(name: MetricName, dimensions: Dimensions): number[] {
    const key = JSON.stringify(
      metricOf(name).dimensions.map((dimension) => [dimension, dimensions[dimension]]),
    )
    const batch = this.#batches.get(key) ?? { dimensions, values: new Map() }
    this.#batches.set(key, batch)
    const values = batch.values.get(name) ?? []
    batch.values.set(name, values)
    return values
  }
}
