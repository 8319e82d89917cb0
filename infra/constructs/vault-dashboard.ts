import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
} from 'aws-cdk-lib/aws-cloudwatch'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { ROTATION_CAUSES } from '../../shared/ports/grant-runner.ts'
import type { AlarmsProps } from './alarms.ts'
import { figuresOf, MINUTE } from './vault-metrics.ts'

export interface VaultDashboardProps extends Omit<AlarmsProps, 'action' | 'runbook'> {
  readonly alarms: readonly Alarm[]
  readonly work: IQueue
}

/** One page for whoever is on duty: what rings, then fetches, rotation, stores and queues, in the order one asks. */
export class VaultDashboard extends Construct {
  constructor(scope: Construct, id: string, props: VaultDashboardProps) {
    super(scope, id)
    const figure = figuresOf(props.stage)
    const functions = [...props.functions.values()].map((one) => one.function)
    const dashboard = new Dashboard(this, 'Dashboard', { dashboardName: `flow-vault-${props.stage}` })
    const row = (...graphs: readonly (readonly [string, readonly IMetric[]])[]) =>
      dashboard.addWidgets(
        ...graphs.map(
          ([title, left]) => new GraphWidget({ title, left: [...left], width: 24 / graphs.length }),
        ),
      )
    dashboard.addWidgets(
      new AlarmStatusWidget({ title: 'What rings', alarms: [...props.alarms], width: 24, height: 4 }),
    )
    row(
      ['Fetches', FETCHES.map((outcome) => figure('fetches', 'Sum', { outcome }))],
      [
        'How long a fetch takes',
        ['p50', 'p99'].map((p) => figure('fetch_duration', p, { outcome: 'served' })),
      ],
    )
    row(
      ['The oldest due', [figure('oldest_due', 'Maximum'), figure('due_lag', 'p99')]],
      [
        'Rotations',
        ROTATION_CAUSES.map((cause) => figure('rotations', 'Sum', { cause, outcome: 'rotated' })),
      ],
      [
        'Waiting work',
        [props.work, props.freezes].map((queue) =>
          queue.metricApproximateAgeOfOldestMessage({ period: MINUTE }),
        ),
      ],
    )
    row(
      ['Calls', functions.map((one) => one.metricInvocations({ period: MINUTE }))],
      ['Errors', functions.map((one) => one.metricErrors({ period: MINUTE }))],
      [
        'Instances',
        functions.map((one) => one.metric('ConcurrentExecutions', { period: MINUTE, statistic: 'Maximum' })),
      ],
    )
    row(
      ['What reconcile put right', RECONCILED.map((kind) => figure('reconcile_items', 'Sum', { kind }))],
      [
        'Dead letters',
        props.deadLetters.map((queue) => queue.metricApproximateNumberOfMessagesVisible({ period: MINUTE })),
      ],
    )
  }
}

const FETCHES = ['served', 'not-modified', 'unavailable', 'failed', 'refused']
const RECONCILED = [
  'intent-undone',
  'rescue',
  'failed',
  'orphan-removed',
  'pointer-dangling',
  'item-unreadable',
]
