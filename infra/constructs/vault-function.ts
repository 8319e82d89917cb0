import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib'
import type { LambdaApplication } from 'aws-cdk-lib/aws-codedeploy'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import {
  ApplicationLogLevel,
  Architecture,
  Code,
  type IFunction,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import type { EnvName } from '../../functions/config.ts'
import type { LogLevel } from '../../shared/ports/log.ts'
import {
  type FunctionEntry,
  type FunctionFolder,
  folderOf,
  type VaultFunctionName,
} from '../function-table.ts'
import { bundleFunction } from './bundle-function.ts'
import type { VaultResources } from './grant-statements.ts'
import { grantOf } from './grants.ts'
import { SafeDeploy } from './safe-deploy.ts'

/** What a function is called, so that flows and operators find it by name. */
export function functionNameOf(stage: string, name: VaultFunctionName): string {
  return `flow-vault-${stage}-${name}`
}

/** The next wake-up does the same: one that was throttled is let go, and does not wait for Lambda's six hours. */
const WAKE_UP_MAX_AGE = Duration.minutes(5)

export interface VaultFunctionProps {
  readonly entry: FunctionEntry
  readonly resources: VaultResources
  readonly logLevel: LogLevel
  /** Concurrency set apart for it, when the stage file does. */
  readonly reservedInstances: number | undefined
  /** Variables that every function gets. */
  readonly environment: Readonly<Partial<Record<EnvName, string>>>
  /** Where events go that a schedule's function failed on. */
  readonly deadLetters: IQueue
  /** Where new versions of it are tried out on a part of the calls; without it they serve all at once. */
  readonly canaries?: LambdaApplication
}

/** One function of the table, with a role of its own that holds what its grants say and nothing else. */
export class VaultFunction extends Construct {
  readonly function: LambdaFunction
  /** What callers call: the function, or its alias. */
  readonly called: IFunction

  constructor(scope: Construct, id: string, props: VaultFunctionProps) {
    super(scope, id)
    const { entry, resources, deadLetters } = props
    // They go with the stack: a name that stayed behind would be in the way of the next one.
    const logs = new LogGroup(this, 'Logs', {
      logGroupName: `/flow-vault/${resources.stage}/${entry.name}`,
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
    role.addToPolicy(
      new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [logs.logGroupArn],
      }),
    )
    const granted = entry.grants.map((name) => grantOf(name, resources))
    for (const statement of granted.flatMap(({ statements }) => statements)) role.addToPolicy(statement)
    if (entry.schedules !== undefined) {
      role.addToPolicy(
        new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [deadLetters.queueArn] }),
      )
    }
    this.function = new LambdaFunction(this, 'Function', {
      functionName: functionNameOf(resources.stage, entry.name),
      description: entry.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: codeOf(this, folderOf(entry), resources.secretStore),
      role,
      memorySize: entry.memoryMb,
      timeout: Duration.seconds(entry.timeoutSeconds),
      logGroup: logs,
      loggingFormat: LoggingFormat.JSON,
      // Lambda puts its own level before the function's: with none it would be INFO, whatever the setting.
      applicationLogLevelV2: ApplicationLogLevel[props.logLevel],
      tracing: Tracing.ACTIVE,
      environment: Object.assign({}, props.environment, ...granted.map((one) => one.environment)),
      ...(props.reservedInstances === undefined
        ? {}
        : { reservedConcurrentExecutions: props.reservedInstances }),
      // A schedule's event that failed for good is kept, and an alarm counts it.
      ...(entry.schedules === undefined
        ? {}
        : {
            onFailure: { bind: () => ({ destination: deadLetters.queueArn }) },
            retryAttempts: 0,
            maxEventAge: WAKE_UP_MAX_AGE,
          }),
    })
    this.called =
      props.canaries === undefined
        ? this.function
        : new SafeDeploy(this, 'Careful', { target: this.function, application: props.canaries }).alias
  }
}

/** A synthesis that only looks at the template (`aws:cdk:bundling-stacks`) does without the bundle. */
function codeOf(scope: Construct, name: FunctionFolder, secretStore: VaultResources['secretStore']): Code {
  if (!Stack.of(scope).bundlingRequired) return Code.fromInline('exports.handler = async () => undefined')
  return Code.fromAsset(bundleFunction(name, secretStore).folder)
}
