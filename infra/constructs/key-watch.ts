import { Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events'
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { ITopic } from 'aws-cdk-lib/aws-sns'
import type { IQueue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'

/** What takes a key away, or lets others use it. Without the keys nothing stored can be read (KMS API reference). */
const WATCHED = ['DisableKey', 'ScheduleKeyDeletion', 'PutKeyPolicy', 'DisableKeyRotation', 'RevokeGrant']

export interface KeyWatchProps {
  readonly stage: string
  readonly keys: readonly IKey[]
  readonly topic: ITopic
  /** Where a message goes that the topic does not take: one of the operator's own may allow alarms alone. */
  readonly deadLetters: IQueue
  readonly runbook: string
}

/**
 * Tells at once when somebody changes a key of the vault: KMS has no figure that an alarm could watch. It hears of it
 * from CloudTrail, which every account has for management events, within minutes.
 */
export class KeyWatch extends Construct {
  constructor(scope: Construct, id: string, { stage, keys, topic, deadLetters, runbook }: KeyWatchProps) {
    super(scope, id)
    const keyIds = keys.flatMap((key) => [key.keyId, key.keyArn])
    new Rule(this, 'key-state', {
      description: `Flow Vault ${stage}: a key was disabled, scheduled for deletion or given another policy`,
      eventPattern: {
        source: ['aws.kms'],
        detailType: ['AWS API Call via CloudTrail'],
        detail: { eventName: WATCHED, requestParameters: { keyId: keyIds } },
      },
      targets: [
        new SnsTopic(topic, {
          deadLetterQueue: deadLetters,
          message: RuleTargetInput.fromText(
            `Flow Vault ${stage}: a key that its data is sealed with was changed. What to do: ${runbook}#key-state`,
          ),
        }),
      ],
    })
  }
}
