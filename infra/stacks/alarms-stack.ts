import { Stack, type StackProps } from 'aws-cdk-lib'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { Topic } from 'aws-cdk-lib/aws-sns'
import type { Construct } from 'constructs'
import { Alarms } from '../constructs/alarms.ts'
import type { DeploymentSettings } from '../context.ts'
import type { DataStack } from './data-stack.ts'
import type { VaultStack } from './vault-stack.ts'

export interface AlarmsStackProps extends StackProps {
  readonly settings: DeploymentSettings
  readonly data: DataStack
  readonly vault: VaultStack
}

/** The alarms, apart from what they watch: they can be left out, and an emulator cannot make them. */
export class AlarmsStack extends Stack {
  constructor(scope: Construct, id: string, props: AlarmsStackProps) {
    super(scope, id, props)
    const { settings, data, vault } = props
    const { alarmTopicArn } = settings
    new Alarms(this, 'Alarms', {
      stage: settings.stage,
      functions: vault.functions,
      httpStage: vault.http.stage,
      table: data.table,
      deadLetters: [vault.deadLetters.queue, vault.work.deadLetters],
      action:
        alarmTopicArn === undefined
          ? undefined
          : new SnsAction(Topic.fromTopicArn(this, 'AlarmTopic', alarmTopicArn)),
    })
  }
}
