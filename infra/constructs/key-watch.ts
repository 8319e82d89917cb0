import { createHash } from 'node:crypto'
import { Stack } from 'aws-cdk-lib'
import { Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events'
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets'
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import type { ITopic } from 'aws-cdk-lib/aws-sns'
import { type IQueue, Queue } from 'aws-cdk-lib/aws-sqs'
import { Construct } from 'constructs'
import { DEPLOYMENT_TAG, STAGE_TAG, TENANT_TAG, tenantKeyAlias } from '../../shared/adapters/kms/key-names.ts'

/** What takes a key away, or lets others use it. Without the keys nothing stored can be read (KMS API reference). */
const WATCHED = ['DisableKey', 'ScheduleKeyDeletion', 'PutKeyPolicy', 'DisableKeyRotation', 'RevokeGrant']
/** By these roles, and `remove`, know a tenant's key. Others are written on it as the vault goes on. */
const WATCHED_TAGS = [DEPLOYMENT_TAG, STAGE_TAG, TENANT_TAG]

/**
 * What the rule over a tenant's own key is called, so that whoever removes the tenant can switch it off. A rule's name
 * has 64 characters, and a tenant's as many.
 */
export function tenantKeyRuleName(stage: string, tenant: string): string {
  return `${tenantKeyRulePrefix(stage)}${createHash('sha256').update(tenant).digest('hex').slice(0, 16)}`
}

function tenantKeyRulePrefix(stage: string): string {
  return `flow-vault-${stage}-key-`
}

export interface KeyWatchProps {
  readonly stage: string
  /** Those that everything of the stage needs. */
  readonly keys: readonly IKey[]
  readonly tenantKeys: ReadonlyMap<string, IKey>
  readonly topic: ITopic
  /** Where a message goes that the topic does not take: one of the operator's own may allow alarms alone. */
  readonly deadLetters: IQueue
  readonly runbook: string
}

/**
 * Tells at once when somebody changes a key of the vault: KMS has no figure that an alarm could watch. It hears of it
 * from CloudTrail, which every account has for management events, within minutes. Keys of single tenants have a rule
 * each: a pattern has 2,048 characters (EventBridge quotas), and the one of a tenant that is removed is switched off.
 */
export class KeyWatch extends Construct {
  constructor(scope: Construct, id: string, props: KeyWatchProps) {
    super(scope, id)
    const { stage, keys, tenantKeys, deadLetters, topic, runbook } = props
    const tell = { topic, runbook }
    this.#watch('key-state', keys, {
      ...tell,
      deadLetters,
      what: `Flow Vault ${stage}: a key that its data is sealed with`,
    })
    if (tenantKeys.size === 0) return
    const ofTenants = this.#forRulesOfTenants(stage, deadLetters)
    for (const [tenant, key] of tenantKeys) {
      const what = `Flow Vault ${stage}: the key of the tenant ${tenant}, with which all of that tenant is sealed,`
      this.#watch(`key-state-${tenant}`, [key], {
        ...tell,
        deadLetters: ofTenants,
        what,
        ruleName: tenantKeyRuleName(stage, tenant),
        aliasName: tenantKeyAlias(stage, tenant),
      })
    }
  }

  /**
   * The same queue, which the rules of all tenants may send to by one statement: CDK would add one for each, and a
   * queue's policy has 20 (SQS quotas).
   */
  #forRulesOfTenants(stage: string, deadLetters: IQueue): IQueue {
    const rules = Stack.of(this).formatArn({
      service: 'events',
      resource: 'rule',
      resourceName: `${tenantKeyRulePrefix(stage)}*`,
    })
    deadLetters.addToResourcePolicy(
      new PolicyStatement({
        actions: ['sqs:SendMessage'],
        principals: [new ServicePrincipal('events.amazonaws.com')],
        resources: [deadLetters.queueArn],
        conditions: { ArnLike: { 'aws:SourceArn': rules } },
      }),
    )
    return Queue.fromQueueArn(this, 'DeadLettersOfTenants', deadLetters.queueArn)
  }

  #watch(
    id: string,
    keys: readonly IKey[],
    { topic, deadLetters, runbook, what, ruleName, aliasName }: WatchedKeys,
  ): void {
    const keyIds = keys.flatMap((key) => [key.keyId, key.keyArn])
    const changes = { eventName: WATCHED, requestParameters: { keyId: keyIds } }
    new Rule(this, id, {
      ...(ruleName === undefined ? {} : { ruleName }),
      description: `${what} was disabled, scheduled for deletion, or given another policy, tag or alias`,
      eventPattern: {
        source: ['aws.kms'],
        detailType: ['AWS API Call via CloudTrail'],
        detail: aliasName === undefined ? changes : { $or: [changes, ...changesOfName(keyIds, aliasName)] },
      },
      targets: [
        new SnsTopic(topic, {
          deadLetterQueue: deadLetters,
          message: RuleTargetInput.fromText(`${what} was changed. What to do: ${runbook}#key-state`),
        }),
      ],
    })
  }
}

/**
 * What takes a tenant's key away from functions though the key stays as it is: they find it by its alias, and their roles
 * by its tags. Who changes an alias names the alias alone, or the key that it leads to from then on (KMS developer guide,
 * log entries of UpdateAlias, DeleteAlias, TagResource and UntagResource).
 */
function changesOfName(keyId: readonly string[], aliasName: string): object[] {
  return [
    { eventName: ['DeleteAlias', 'UpdateAlias'], requestParameters: { aliasName: [aliasName] } },
    { eventName: ['TagResource'], requestParameters: { keyId, tags: { tagKey: WATCHED_TAGS } } },
    { eventName: ['UntagResource'], requestParameters: { keyId, tagKeys: WATCHED_TAGS } },
  ]
}

interface WatchedKeys extends Pick<KeyWatchProps, 'topic' | 'deadLetters' | 'runbook'> {
  readonly what: string
  readonly ruleName?: string
  /** By which functions find the key of a tenant. */
  readonly aliasName?: string
}
