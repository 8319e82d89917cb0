import { RemovalPolicy } from 'aws-cdk-lib'
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch'
import {
  type LambdaApplication,
  LambdaDeploymentConfig,
  LambdaDeploymentGroup,
} from 'aws-cdk-lib/aws-codedeploy'
import { Alias, type Function as LambdaFunction, Version } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import { MINUTE } from './vault-metrics.ts'

/** The name that callers know a version by. */
const ALIAS = 'live'
/** More than one call that ends without an answer, among a tenth of the calls, is no accident. */
const FAILED_CALLS = 1

/**
 * A function behind an alias that CodeDeploy moves: a tenth of the calls for five minutes, then all, and back when
 * calls fail meanwhile. The version before stays, and reads what the new one wrote.
 */
export class SafeDeploy extends Construct {
  readonly alias: Alias

  constructor(
    scope: Construct,
    id: string,
    props: { readonly target: LambdaFunction; readonly application: LambdaApplication },
  ) {
    super(scope, id)
    const { currentVersion } = props.target
    if (currentVersion instanceof Version) currentVersion.applyRemovalPolicy(RemovalPolicy.RETAIN)
    this.alias = new Alias(this, 'Live', { aliasName: ALIAS, version: currentVersion })
    const failing = new Alarm(this, 'Failing', {
      metric: this.alias.metricErrors({ period: MINUTE }),
      threshold: FAILED_CALLS,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription: 'Calls of a version that is being deployed fail: CodeDeploy goes back.',
    })
    new LambdaDeploymentGroup(this, 'Group', {
      application: props.application,
      alias: this.alias,
      alarms: [failing],
      deploymentConfig: LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES,
      autoRollback: { failedDeployment: true, stoppedDeployment: true, deploymentInAlarm: true },
    })
  }
}
