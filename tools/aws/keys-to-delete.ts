import { DisableRuleCommand, type EventBridgeClient } from '@aws-sdk/client-eventbridge'
import type { KMSClient } from '@aws-sdk/client-kms'
import type { Config } from '../../functions/config.ts'
import { tenantKeyAlias } from '../../shared/adapters/kms/key-names.ts'
import { findKey, type TenantKey } from './tenant-key.ts'

/**
 * The keys that are of no use once a tenant is removed: the one its alias leads to and those that wrap what is there of
 * it, where their tags say that this stage made them for it. `others` may be needed by whoever made them, as the
 * original of a restored table is; the shared key is in neither.
 */
export async function keysToDelete(
  kms: Pick<KMSClient, 'send'>,
  {
    config,
    tenant,
    keyIds,
  }: {
    readonly config: Pick<Config, 'deployment' | 'wrappingKeyArn'>
    readonly tenant: string
    readonly keyIds: readonly string[]
  },
): Promise<{ readonly mine: TenantKey[]; readonly others: string[] }> {
  const shared = config.wrappingKeyArn
  const named = await findKey(kms, tenantKeyAlias(config.deployment, tenant))
  const mine: TenantKey[] = []
  const others: string[] = []
  for (const arn of new Set([...(named === undefined ? [] : [named.arn]), ...keyIds])) {
    if (arn === shared) continue
    const key = await findKey(kms, arn)
    if (key?.tenant === tenant && key.stage === config.deployment) mine.push(key)
    else others.push(arn)
  }
  return { mine, others }
}

/** Switches the rule off that would tell of the deletion. A stage without its alarms has none. */
export async function stopWatching(events: Pick<EventBridgeClient, 'send'>, Name: string): Promise<void> {
  try {
    await events.send(new DisableRuleCommand({ Name }))
  } catch (error) {
    if ((error as Error).name !== 'ResourceNotFoundException') throw error
  }
}
