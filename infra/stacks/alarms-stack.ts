import {
  ArnFormat,
  CfnOutput,
  CrossStackReferences,
  ReferenceStrength,
  Stack,
  type StackProps,
} from 'aws-cdk-lib'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns'
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions'
import type { Construct } from 'constructs'
import { Alarms } from '../constructs/alarms.ts'
import { KeyWatch } from '../constructs/key-watch.ts'
import { VaultDashboard } from '../constructs/vault-dashboard.ts'
import { DeadLetters } from '../constructs/work-queues.ts'
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
  /** What the topic did not take of changes to the keys. */
  readonly keyDeadLetters: DeadLetters

  constructor(scope: Construct, id: string, props: AlarmsStackProps) {
    super(scope, id, props)
    // By output and not by import: alarms must never keep what they watch from being changed or removed.
    CrossStackReferences.of(this).consume(ReferenceStrength.WEAK)
    const { settings, data, vault } = props
    const { topicArn, email, runbook } = settings.alarms
    this.topic =
      topicArn === undefined ? this.#ownTopic(settings.stage) : Topic.fromTopicArn(this, 'Topic', topicArn)
    if (email !== undefined) this.topic.addSubscription(new EmailSubscription(email))
    this.keyDeadLetters = new DeadLetters(this, 'KeyDeadLetters')
    const deadLetters = this.keyDeadLetters.queue
    const watched = {
      stage: settings.stage,
      functions: vault.functions,
      httpStage: vault.http.stage,
      tables: [data.table, data.events],
      deadLetters: [vault.deadLetters.queue, vault.work.deadLetters, vault.events.deadLetters, deadLetters],
      freezes: vault.work.freezes,
    }
    const alarms = new Alarms(this, 'Alarms', { ...watched, action: new SnsAction(this.topic), runbook })
    const keys = [data.wrappingKey, data.digestKey]
    new KeyWatch(this, 'Keys', {
      stage: settings.stage,
      keys,
      tenantKeys: data.tenantKeys,
      topic: this.topic,
      deadLetters,
      runbook,
    })
    new VaultDashboard(this, 'Dashboard', { ...watched, alarms: alarms.all, work: vault.work.queue })
    new CfnOutput(this, 'AlarmTopicArn', { value: this.topic.topicArn })
  }
  /**
   * A topic that alarms may be told by. With a policy of its own a topic no longer lets the account's alarms publish,
   * and they would say so in their history alone (AWS re:Post, "Why didn't I receive an SNS notification").
   */
  #ownTopic(stage: string): Topic {
    const topic = new Topic(this, 'Topic', { displayName: `Flow Vault ${stage}`, enforceSSL: true })
    const alarms = this.formatArn({
      service: 'cloudwatch',
      resource: 'alarm',
      resourceName: '*',
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    })
    topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AllowAlarms',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: { ArnLike: { 'aws:SourceArn': alarms } },
      }),
    )
    return topic
  }
}
