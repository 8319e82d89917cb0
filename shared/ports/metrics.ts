import type { DimensionsOf, MetricName, MetricNameOf } from '../domain/metric-names.ts'

/** A metric without dimensions takes no argument for them, and one with dimensions must have all of them. */
export type DimensionsArgument<Name extends MetricName> = [keyof DimensionsOf<Name>] extends [never]
  ? []
  : [dimensions: DimensionsOf<Name>]

/**
 * Figures for operators, by the names of the table in `domain/metric-names.ts`. Measuring never throws and never
 * waits: no request is lost over a figure about it.
 */
export interface Metrics {
  /** Adds to a counter. */
  count<Name extends MetricNameOf<'counter'>>(
    name: Name,
    value: number,
    ...dimensions: DimensionsArgument<Name>
  ): void
  /** Adds one value to a distribution, in the unit of the table. */
  observe<Name extends MetricNameOf<'distribution'>>(
    name: Name,
    value: number,
    ...dimensions: DimensionsArgument<Name>
  ): void
  /** Says how something stands now. */
  gauge<Name extends MetricNameOf<'gauge'>>(
    name: Name,
    value: number,
    ...dimensions: DimensionsArgument<Name>
  ): void
  /** Hands on what was measured, where that is done in batches; at the end of each invocation of a function. */
  flush(): void
}
