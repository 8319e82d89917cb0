import { CfnOutput, CrossStackReferences, ReferenceStrength, Stack, type StackProps } from 'aws-cdk-lib'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import type { Construct } from 'constructs'
import { Alarms } from '../constructs/alarms.ts'
import { KeyWatch } from '../constructs/key-watch.ts'
import { VaultDashboard } from '../constructs/vault-dashboard.ts'
import type { DeploymentSettings } from '../stage-file.ts'
import type { DataStack } from './data-stack.ts'
import type { VaultStack } from './vault-stack.ts'

export interface AlarmsStackProps extends StackProps {
  readonly settings: DeploymentSettings
  readonly data: DataStack
  readonly vault: VaultStack
}

/** The alarms and who is told, apart from what they watch: they can be left out. */
export class AlarmsStack extends Stack {
  readonly topic: ITopic

  constructor(scope: Construct, id: string, props: AlarmsStackProps) {
    super(scope, id, props)
    // By output and not by import: alarms must never keep what they watch from being changed or removed.
    CrossStackReferences.of(this).consume(ReferenceStrength.WEAK)
    const { settings, data, vault } = props
    const { topicArn, email, runbook } = settings.alarms
    this.topic =
      topicArn === undefined
        ? new Topic(this, 'Topic', { displayName: `Flow Vault ${settings.stage}`, enforceSSL: true })
        : Topic.fromTopicArn(this, 'Topic', topicArn)
    if (email !== undefined) this.topic.addSubscription(new EmailSubscription(email))
    const watched = {
      stage: settings.stage,
      functions: vault.functions,
      httpStage: vault.http.stage,
      tables: [data.table, data.events],
      deadLetters: [vault.deadLetters.queue, vault.work.deadLetters, vault.events.deadLetters],
      freezes: vault.work.freezes,
    }
    const alarms = new Alarms(this, 'Alarms', { ...watched, action: new SnsAction(this.topic), runbook })
    const keys = [data.wrappingKey, data.digestKey]
    new KeyWatch(this, 'Keys', { stage: settings.stage, keys, topic: this.topic, runbook })
    new VaultDashboard(this, 'Dashboard', { ...watched, alarms: alarms.all, work: vault.work.queue })
    new CfnOutput(this, 'AlarmTopicArn', { value: this.topic.topicArn })
  }
}
