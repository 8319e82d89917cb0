import { Duration } from 'aws-cdk-lib'
import type { HttpStage } from 'aws-cdk-lib/aws-apigatewayv2'
import {
  Alarm,
  ComparisonOperator,
  type IAlarmAction,
  type IMetric,
  MathExpression,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch'
import type { ITableV2 } from 'aws-cdk-lib/aws-dynamodb'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { TABLE_DEFINITION } from '../../shared/adapters/dynamodb/table-definition.ts'
import { WRITES_PER_SECOND } from '../../shared/adapters/secrets-manager/write-budget.ts'
import { ROTATION_CAUSES } from '../../shared/ports/grant-runner.ts'
import { FUNCTION_TABLE, type VaultFunctionName } from '../function-table.ts'
import type { VaultFunction } from './vault-function.ts'
import { figuresOf, MINUTE, percent, sum } from './vault-metrics.ts'

const DAY = Duration.days(1)
/** Rotation is a sweep a minute and a queue behind it: later than this means that something does not run. */
const OLDEST_DUE_ALARM_MS = 3 * 60_000
const FAILED_PERCENT = 1
/** A change is told within seconds; what waits for minutes has lost its stream, or somebody who takes it. */
const OLDEST_EVENT_ALARM_MS = 3 * 60_000
/** One is a crash or a network's hiccup; more in minutes is a provider or a store in trouble. */
const UNKNOWN_OUTCOMES_ALARM = 3
/** A job of a freeze is minutes of work at most; older than this, nobody works it. */
const FREEZE_WAIT_ALARM_SECONDS = 300
/** A warm fetch takes tens of ms, and one that has to rotate first as long as a provider does. */
const SLOW_FETCH_MS = 2000
const DUE_INDEX = { GlobalSecondaryIndexName: TABLE_DEFINITION.dueIndex.name }
/** All writers together keep to `WRITES_PER_SECOND`; near it connections begin to wait. */
const SECRET_WRITES_ALARM_PER_SECOND = WRITES_PER_SECOND * 0.9

export interface AlarmsProps {
  readonly stage: string
  readonly functions: ReadonlyMap<VaultFunctionName, VaultFunction>
  readonly httpStage: HttpStage
  readonly tables: readonly ITableV2[]
  readonly deadLetters: readonly IQueue[]
  /** The queue of stop orders. */
  readonly freezes: IQueue
  readonly action: IAlarmAction
}

/** What a person must be told: most of it as metric math, because a count means nothing without its base. */
export class Alarms extends Construct {
  /** Every alarm, in the order of the runbook. */
  readonly all: Alarm[] = []
  readonly #action: IAlarmAction

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id)
    this.#action = props.action
    for (const [name, { function: target }] of props.functions) {
      const [errors, calls] = [
        target.metricErrors({ period: MINUTE }),
        target.metricInvocations({ period: MINUTE }),
      ]
      this.#add(`${name}-errors`, {
        metric: percent(errors, calls),
        above: FAILED_PERCENT,
        minutes: [3, 5],
        description: `More than ${FAILED_PERCENT} % of the calls of ${name} fail.`,
      })
    }
    this.#add('throttles', {
      metric: sum(
        [...props.functions.values()].map(({ function: one }) => one.metricThrottles({ period: MINUTE })),
      ),
      above: 0,
      minutes: [3, 5],
      description:
        'Functions are throttled: the concurrency of the account, or what the stage file sets apart.',
    })
    this.#add('dead-letters', {
      metric: sum(
        props.deadLetters.map((queue) => queue.metricApproximateNumberOfMessagesVisible({ period: MINUTE })),
      ),
      above: 0,
      minutes: [1, 1],
      description: 'Work or a wake-up failed for good; its message waits in a dead-letter queue.',
    })
    for (const { name } of FUNCTION_TABLE.filter(({ schedules }) => schedules !== undefined)) {
      const calls = props.functions.get(name)?.function.metricInvocations({ period: MINUTE })
      if (calls === undefined) continue
      const silent = { expression: 'IF(FILL(calls, 0) > 0, 0, 1)', usingMetrics: { calls }, period: MINUTE }
      this.#add(`${name}-silent`, {
        metric: new MathExpression(silent),
        above: 0,
        minutes: [5, 5],
        missing: TreatMissingData.BREACHING,
        description: `The schedule no longer wakes ${name}.`,
      })
    }
    this.#watchRequests(props.httpStage)
    this.#watchTables(props.tables)
    this.#watchFreezes(props.freezes)
    this.#watchLatency(props.functions)
    this.#watchFigures(props.stage)
  }

  #watchRequests(stage: HttpStage): void {
    this.#add('server-errors', {
      metric: percent(
        stage.metricServerError({ period: MINUTE, statistic: 'Sum' }),
        stage.metricCount({ period: MINUTE }),
      ),
      above: FAILED_PERCENT,
      minutes: [3, 5],
      description: `More than ${FAILED_PERCENT} % of the requests are answered with a 5xx.`,
    })
  }

  #watchFreezes(queue: IQueue): void {
    this.#add('freezes-waiting', {
      metric: queue.metricApproximateAgeOfOldestMessage({ period: MINUTE, statistic: 'Maximum' }),
      above: FREEZE_WAIT_ALARM_SECONDS,
      minutes: [2, 3],
      description:
        'A freeze that revokes has waited for minutes; fetch and rotation are refused all the same.',
    })
  }

  #watchLatency(functions: AlarmsProps['functions']): void {
    const credentials = functions.get('credentials')?.function
    if (credentials === undefined) return
    this.#add('slow-fetches', {
      metric: credentials.metricDuration({ period: MINUTE, statistic: 'p90' }),
      above: SLOW_FETCH_MS,
      minutes: [5, 10],
      description: 'One fetch in ten takes over two seconds.',
    })
  }

  #watchTables(tables: readonly ITableV2[]): void {
    const of = (metricName: string, index: Record<string, string> = {}) =>
      tables.map(
        ({ tableName: TableName }) =>
          new Metric({
            namespace: 'AWS/DynamoDB',
            metricName,
            dimensionsMap: { TableName, ...index },
            statistic: 'Sum',
            period: MINUTE,
          }),
      )
    this.#add('table-throttles', {
      // What an index throttles is not in the figures of its table, and the due index is the first to get hot.
      metric: sum([
        ...of('ReadThrottleEvents'),
        ...of('WriteThrottleEvents'),
        ...of('WriteThrottleEvents', DUE_INDEX),
      ]),
      above: 0,
      minutes: [3, 5],
      description: 'A table throttles: a tenant is hot, or the account is at its limit.',
    })
  }

  /** The functions' own figures, by the table of metrics. */
  #watchFigures(stage: string): void {
    const figure = figuresOf(stage)
    this.#add('oldest-due', {
      metric: figure('oldest_due', 'Maximum'),
      above: OLDEST_DUE_ALARM_MS,
      minutes: [3, 3],
      // No figure means that no sweep ran.
      missing: TreatMissingData.BREACHING,
      description: 'A connection has been due for rotation for minutes, or no sweep runs.',
    })
    this.#add('reconcile-failures', {
      metric: figure('reconcile_items', 'Sum', { kind: 'failed' }),
      above: 0,
      minutes: [10, 15],
      description: 'Something that a crash left cannot be put right.',
    })
    this.#add('dangling-pointers', {
      metric: figure('reconcile_items', 'Sum', { kind: 'pointer-dangling' }),
      above: 0,
      minutes: [1, 1],
      description: 'A connection points at a secret that is not there: the log names it.',
    })
    this.#add('answers-lost', {
      metric: sum(ROTATION_CAUSES.map((cause) => figure('rotations', 'Sum', { cause, outcome: 'unknown' }))),
      above: UNKNOWN_OUTCOMES_ALARM,
      minutes: [2, 5],
      description: 'Rotations end without our knowing how: people may have to authorize again.',
    })
    this.#add('comparison-missing', {
      // Each run counts what it found, nothing too: no figure in a day means that none came to its end.
      metric: new MathExpression({
        expression: 'IF(FILL(runs, 0) > 0, 0, 1)',
        usingMetrics: {
          runs: figure('reconcile_items', 'SampleCount', { kind: 'pointer-dangling' }).with({ period: DAY }),
        },
        period: DAY,
      }),
      above: 0,
      minutes: [2, 2],
      missing: TreatMissingData.BREACHING,
      description: 'The daily comparison of both stores has not come to its end for two days.',
    })
    this.#add('secret-writes', {
      metric: new MathExpression({
        expression: 'writes / 60',
        usingMetrics: { writes: figure('secret_writes', 'Sum', { operation: 'put' }) },
        period: MINUTE,
      }),
      above: SECRET_WRITES_ALARM_PER_SECOND,
      minutes: [5, 10],
      description:
        'Changes by people near the quota of Secrets Manager, which AWS does not raise: make new connections in a stage with secretStore=sealed.',
    })
    this.#watchEvents(stage)
    this.#watchFetches(stage)
  }

  #watchEvents(stage: string): void {
    const figure = figuresOf(stage)
    this.#add('events-waiting', {
      metric: figure('outbox_oldest', 'Maximum'),
      above: OLDEST_EVENT_ALARM_MS,
      minutes: [2, 3],
      // No figure means that nobody looked.
      missing: TreatMissingData.BREACHING,
      description: 'A change has waited for minutes to be told, or nobody looks for what was left behind.',
    })
    this.#add('events-failing', {
      metric: figure('events_published', 'Sum', { outcome: 'failed' }),
      above: 0,
      minutes: [3, 5],
      description: 'Changes cannot be told: the bus, the queue to subscribers or the table refuses them.',
    })
  }

  #watchFetches(stage: string): void {
    const fetches = (outcome: string) => figuresOf(stage)('fetches', 'Sum', { outcome })
    // An outcome that did not happen in a minute has no figure, and everything added to none is none.
    const failed = '(FILL(unavailable, 0) + FILL(failed, 0))'
    const all = `(${failed} + FILL(served, 0) + FILL(notModified, 0))`
    this.#add('fetch-failures', {
      // Flows may invoke the function without API Gateway, whose 5xx then says nothing of them.
      metric: new MathExpression({
        expression: `IF(${all} > 0, 100 * ${failed} / ${all}, 0)`,
        usingMetrics: {
          unavailable: fetches('unavailable'),
          failed: fetches('failed'),
          served: fetches('served'),
          notModified: fetches('not-modified'),
        },
        period: MINUTE,
      }),
      above: FAILED_PERCENT,
      minutes: [3, 5],
      description: `More than ${FAILED_PERCENT} % of the fetches that a credential is there for do not get it.`,
    })
  }

  #add(
    id: string,
    alarm: {
      metric: IMetric
      above: number
      /** So many of so many minutes, or of what the metric's period is. */
      minutes: readonly [number, number]
      description: string
      missing?: TreatMissingData
    },
  ): void {
    const made = new Alarm(this, id, {
      metric: alarm.metric,
      threshold: alarm.above,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      datapointsToAlarm: alarm.minutes[0],
      evaluationPeriods: alarm.minutes[1],
      alarmDescription: alarm.description,
      treatMissingData: alarm.missing ?? TreatMissingData.NOT_BREACHING,
    })
    made.addAlarmAction(this.#action)
    made.addOkAction(this.#action)
    this.all.push(made)
  }
}
