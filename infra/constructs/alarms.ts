import type { HttpStage } from 'aws-cdk-lib/aws-apigatewayv2'
import {
  Alarm,
  ComparisonOperator,
  type IAlarmAction,
  MathExpression,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch'
import type { ITableV2 } from 'aws-cdk-lib/aws-dynamodb'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { TABLE_DEFINITION } from '../../shared/adapters/dynamodb/table-definition.ts'
import { FUNCTION_TABLE, type VaultFunctionName } from '../function-table.ts'
import { FAILED_PERCENT, type WatchedFigure, watchFigures } from './figure-alarms.ts'
import type { VaultFunction } from './vault-function.ts'
import { MINUTE, percent, sum } from './vault-metrics.ts'

/** A job of a freeze is minutes of work at most; older than this, nobody works it. */
const FREEZE_WAIT_ALARM_SECONDS = 300
/** A warm fetch takes tens of ms, and one that has to rotate first as long as a provider does. */
const SLOW_FETCH_MS = 2000
const DUE_INDEX = { GlobalSecondaryIndexName: TABLE_DEFINITION.dueIndex.name }

export interface AlarmsProps {
  readonly stage: string
  readonly functions: ReadonlyMap<VaultFunctionName, VaultFunction>
  readonly httpStage: HttpStage
  readonly tables: readonly ITableV2[]
  readonly deadLetters: readonly IQueue[]
  /** The queue of stop orders. */
  readonly freezes: IQueue
  readonly action: IAlarmAction
  /** Where the page with an article an alarm is: a path of the project, or the URL of a copy. */
  readonly runbook: string
}

/** What a person must be told: most of it as metric math, because a count means nothing without its base. */
export class Alarms extends Construct {
  /** Every alarm, in the order of the runbook. */
  readonly all: Alarm[] = []
  readonly #action: IAlarmAction
  readonly #runbook: string

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id)
    this.#action = props.action
    this.#runbook = props.runbook
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
    watchFigures(props.stage, (id, alarm) => this.#add(id, alarm))
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

  #add(id: string, alarm: WatchedFigure): void {
    const made = new Alarm(this, id, {
      metric: alarm.metric,
      threshold: alarm.above,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      datapointsToAlarm: alarm.minutes[0],
      evaluationPeriods: alarm.minutes[1],
      alarmDescription: `${alarm.description} What to do: ${this.#runbook}#${articleOf(id)}`,
      treatMissingData: alarm.missing ?? TreatMissingData.NOT_BREACHING,
    })
    made.addAlarmAction(this.#action)
    made.addOkAction(this.#action)
    this.all.push(made)
  }
}

/** The article of an alarm in the runbook; functions share one about errors, and one about silence. */
export function articleOf(id: string): string {
  return /-(?:errors|silent)$/.test(id) && id !== 'server-errors'
    ? `function${id.slice(id.lastIndexOf('-'))}`
    : id
}
