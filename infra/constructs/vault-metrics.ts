import { Duration } from 'aws-cdk-lib'
import { type IMetric, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch'
import {
  cloudWatchNameOf,
  type DimensionName,
  METRICS_SERVICE,
  type MetricName,
  metricsNamespaceOf,
} from '../../shared/domain/metric-names.ts'

/** How often figures are looked at. */
export const MINUTE = Duration.minutes(1)

export type Figure = (
  name: MetricName,
  statistic: string,
  dimensions?: Partial<Record<DimensionName, string>>,
) => Metric

/** The figures that the functions of a deployment publish themselves. */
export function figuresOf(stage: string): Figure {
  return (name, statistic, dimensions = {}) =>
    new Metric({
      namespace: metricsNamespaceOf(stage),
      metricName: cloudWatchNameOf(name),
      dimensionsMap: { service: METRICS_SERVICE, ...dimensions },
      statistic,
      period: MINUTE,
    })
}

/** What part of the whole it is, in percent; none of nothing is none. */
export function percent(part: IMetric, whole: IMetric): MathExpression {
  return new MathExpression({
    expression: 'IF(whole > 0, 100 * part / whole, 0)',
    usingMetrics: { part, whole },
    period: MINUTE,
  })
}

/** All of them together. */
export function sum(metrics: readonly IMetric[]): MathExpression {
  const usingMetrics = Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric]))
  return new MathExpression({ expression: 'SUM(METRICS())', usingMetrics, period: MINUTE })
}
