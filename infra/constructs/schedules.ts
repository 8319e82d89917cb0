import { Stack } from 'aws-cdk-lib'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import type { FunctionSchedule } from '../function-table.ts'

/** A wake-up that is older finds what a later one has done already. */
const MAX_EVENT_AGE_SECONDS = 300
const RETRIES = 3

/**
 * Wakes a function as its entry says; what cannot be delivered goes to the dead letters. Made of the resource
 * itself, because CDK's own target would let the role invoke every version of the function.
 */
export class Schedules extends Construct {
  constructor(
    scope: Construct,
    id: string,
    props: {
      readonly target: IFunction
      readonly schedules: readonly FunctionSchedule[]
      readonly deadLetters: IQueue
    },
  ) {
    super(scope, id)
    const { target, deadLetters } = props
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    })
    role.addToPolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [target.functionArn] }),
    )
    role.addToPolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [deadLetters.queueArn] }))
    for (const { name, everyMinutes, event } of props.schedules) {
      const schedule = new CfnSchedule(this, name, {
        flexibleTimeWindow: { mode: 'OFF' },
        scheduleExpression: everyMinutes === 1 ? 'rate(1 minute)' : `rate(${everyMinutes} minutes)`,
        target: {
          arn: target.functionArn,
          roleArn: role.roleArn,
          input: JSON.stringify(event),
          deadLetterConfig: { arn: deadLetters.queueArn },
          retryPolicy: {
            maximumEventAgeInSeconds: MAX_EVENT_AGE_SECONDS,
            maximumRetryAttempts: RETRIES,
          },
        },
      })
      // The first wake-up comes at once, and without its permission it would be a dead letter.
      schedule.node.addDependency(role)
    }
  }
}
