import { Duration } from 'aws-cdk-lib'
import { type IMetric, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch'
import { WRITES_PER_SECOND } from '../../shared/adapters/secrets-manager/write-budget.ts'
import { ROTATION_CAUSES } from '../../shared/ports/grant-runner.ts'
import { type Figure, figuresOf, MINUTE, sum } from './vault-metrics.ts'

const DAY = Duration.days(1)
/** Rotation is a sweep a minute and a queue behind it: later than this means that something does not run. */
const OLDEST_DUE_ALARM_MS = 3 * 60_000
/** What part of the calls, or fetches, may fail: a network has hiccups. */
export const FAILED_PERCENT = 1
/** A change is told within seconds; what waits for minutes has lost its stream, or somebody who takes it. */
const OLDEST_EVENT_ALARM_MS = 3 * 60_000
/** One is a crash or a network's hiccup; more in minutes is a provider or a store in trouble. */
const UNKNOWN_OUTCOMES_ALARM = 3
/** People withdraw their consent one by one; more a minute have lost it by the same cause. */
const DEAD_GRANTS_ALARM = 5
/** A process that is killed leaves one or two; more is a part of the vault that does not clean up after itself. */
const ORPHANS_ALARM = 10
/** All writers together keep to `WRITES_PER_SECOND`; near it connections begin to wait. */
const SECRET_WRITES_ALARM_PER_SECOND = WRITES_PER_SECOND * 0.9

/** A figure, and when a person must be told of it. */
export interface WatchedFigure {
  readonly metric: IMetric
  readonly above: number
  /** So many of so many minutes, or of what the metric's period is. */
  readonly minutes: readonly [number, number]
  readonly description: string
  readonly missing?: TreatMissingData
}

/** Makes an alarm of a figure. */
export type AddAlarm = (id: string, alarm: WatchedFigure) => void

/** Watches the functions' own figures, by the table of metrics. */
export function watchFigures(stage: string, add: AddAlarm): void {
  const figure = figuresOf(stage)
  add('oldest-due', {
    metric: figure('oldest_due', 'Maximum'),
    above: OLDEST_DUE_ALARM_MS,
    minutes: [3, 3],
    // No figure means that no sweep ran.
    missing: TreatMissingData.BREACHING,
    description: 'A connection has been due for rotation for minutes, or no sweep runs.',
  })
  add('reconcile-failures', {
    metric: figure('reconcile_items', 'Sum', { kind: 'failed' }),
    above: 0,
    minutes: [10, 15],
    description: 'Something that a crash left cannot be put right.',
  })
  add('dangling-pointers', {
    metric: figure('reconcile_items', 'Sum', { kind: 'pointer-dangling' }),
    above: 0,
    minutes: [1, 1],
    description: 'A connection points at a secret that is not there: the log names it.',
  })
  add('unreadable-items', {
    metric: figure('reconcile_items', 'Sum', { kind: 'item-unreadable' }),
    above: 0,
    minutes: [1, 1],
    description: 'The daily comparison met items that it cannot read: the log names each.',
  })
  watchGrants(figure, add)
  add('comparison-missing', {
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
  add('secret-writes', {
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
  watchEvents(figure, add)
  watchFetches(figure, add)
}

function watchEvents(figure: Figure, add: AddAlarm): void {
  add('events-waiting', {
    metric: figure('outbox_oldest', 'Maximum'),
    above: OLDEST_EVENT_ALARM_MS,
    minutes: [2, 3],
    // No figure means that nobody looked.
    missing: TreatMissingData.BREACHING,
    description: 'A change has waited for minutes to be told, or nobody looks for what was left behind.',
  })
  add('events-failing', {
    metric: figure('events_published', 'Sum', { outcome: 'failed' }),
    above: 0,
    minutes: [3, 5],
    description: 'Changes cannot be told: the bus, the queue to subscribers or the table refuses them.',
  })
}

function watchGrants(figure: Figure, add: AddAlarm): void {
  add('answers-lost', {
    metric: sum(ROTATION_CAUSES.map((cause) => figure('rotations', 'Sum', { cause, outcome: 'unknown' }))),
    above: UNKNOWN_OUTCOMES_ALARM,
    minutes: [2, 5],
    description: 'Rotations end without our knowing how: people may have to authorize again.',
  })
  add('grants-lost', {
    metric: sum(ROTATION_CAUSES.map((cause) => figure('rotations', 'Sum', { cause, outcome: 'grant-dead' }))),
    above: DEAD_GRANTS_ALARM,
    minutes: [2, 5],
    description: 'Providers refuse many refresh tokens at once: their people have to authorize again.',
  })
  add('orphans', {
    metric: figure('reconcile_items', 'Sum', { kind: 'orphan-removed' }).with({ period: DAY }),
    above: ORPHANS_ALARM,
    minutes: [1, 1],
    description: 'The daily comparison removed more secrets that nothing points at than crashes leave.',
  })
}

function watchFetches(figure: Figure, add: AddAlarm): void {
  const fetches = (outcome: string) => figure('fetches', 'Sum', { outcome })
  // An outcome that did not happen in a minute has no figure, and everything added to none is none.
  const failed = '(FILL(unavailable, 0) + FILL(failed, 0))'
  const all = `(${failed} + FILL(served, 0) + FILL(notModified, 0))`
  add('fetch-failures', {
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
