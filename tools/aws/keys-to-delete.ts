import { DisableRuleCommand, type EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { type KMSClient, ListKeysCommand } from '@aws-sdk/client-kms'
import { type Filter, ListSecretsCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { type Config, ENV, present } from '../../functions/config.ts'
import { tenantKeyAlias } from '../../shared/adapters/kms/key-names.ts'
import { inRegionOf, isSameKey } from '../../shared/adapters/kms/kms-key-wrapper.ts'
import { findSecretIdParts, secretIdPrefix } from '../../shared/domain/secret-id.ts'
import { everyPage } from '../../shared/ports/pages-of.ts'
import { describeKey, findKey, type TenantKey } from './tenant-key.ts'

/** The most that ListSecrets answers in one page (API reference, MaxResults). */
const SECRETS_AT_ONCE = 100

const KEY_ARN = /^arn:[^/]+:key\//

/** What is known of a tenant that is removed, or was by a run that came no further. */
export interface RemovedTenant {
  readonly config: Pick<Config, 'deployment' | 'deploymentId' | 'wrappingKeyArn' | 'tenantKeys'>
  readonly tenant: string
  /** The keys that wrap what is there of it, or was. */
  readonly keyIds: readonly string[]
  /** The keys that wrap what is there of others, items and secrets. */
  readonly keyIdsOfOthers: readonly string[]
}

/** Why a key of the tenant stays that others need. */
export const UNDER_IT_TOO =
  'what other tenants have, or get next, is under it, too: look whose keys adopt.tenantKeyArns names'

/** A key that somebody may need yet, and why. */
export interface KeyThatStays {
  readonly arn: string
  readonly why: string
}

/**
 * The keys that are of no use once a tenant is removed: the one its alias leads to, those that wrap what is there of it,
 * and those that the account has for it by their tags, which a run finds that has nothing of the tenant left to look at.
 * Only such as this stage made, that wrap nothing of anybody else and that are no replicas; the others stay. The shared
 * key is in neither.
 */
export async function keysToDelete(
  kms: Pick<KMSClient, 'send'>,
  removed: RemovedTenant,
): Promise<{ readonly mine: TenantKey[]; readonly stays: KeyThatStays[] }> {
  const { config, tenant, keyIds } = removed
  const shared = present(config.wrappingKeyArn, ENV.wrappingKeyArn)
  // What a key wrapped in another Region, its replica here opens: here it is looked at.
  const wrapping = keyIds.map((id) => inRegionOf(shared, id))
  const named = await findKey(kms, tenantKeyAlias(config.deployment, tenant))
  const tagged = await taggedKeys(kms, removed)
  const others = await keysOfOthers(kms, removed)
  const mine: TenantKey[] = []
  const stays: KeyThatStays[] = []
  for (const arn of new Set([...(named === undefined ? [] : [named.arn]), ...wrapping, ...tagged])) {
    if (arn === shared) continue
    const key = await findKey(kms, arn)
    const why = whyItStays(key, removed, others)
    if (key !== undefined && why === undefined) mine.push(key)
    else stays.push({ arn, why: String(why) })
  }
  return { mine, stays }
}

function whyItStays(
  key: TenantKey | undefined,
  { config, tenant }: RemovedTenant,
  others: readonly string[],
): string | undefined {
  if (key?.tenant !== tenant || key.stage !== config.deployment)
    return 'this stage has not made it for this tenant'
  if (others.some((id) => isSameKey(id, key.arn))) return UNDER_IT_TOO
  if (key.primary !== undefined)
    return `it is a replica of ${key.primary}, which opens the same: all are gone when that one is deleted where it is`
  return undefined
}

/**
 * The ARNs of keys that other tenants need: those that wrap something of theirs, and those that their aliases lead to,
 * which wrap whatever comes next. Somebody may have given a secret its key by another name.
 */
export async function keysOfOthers(
  kms: Pick<KMSClient, 'send'>,
  { config, tenant, keyIdsOfOthers }: Omit<RemovedTenant, 'keyIds'>,
): Promise<string[]> {
  const found = new Set<string>()
  const aliases = config.tenantKeys
    .filter((other) => other !== tenant)
    .map((other) => tenantKeyAlias(config.deployment, other))
  for (const id of [...keyIdsOfOthers, ...aliases]) {
    const arn = KEY_ARN.test(id) ? id : (await describeKey(kms, id))?.Arn
    if (arn !== undefined) found.add(arn)
  }
  return [...found]
}

/** Those of the account that this very deployment made for the tenant. What may not be looked at is none of them. */
async function taggedKeys(
  kms: Pick<KMSClient, 'send'>,
  { config, tenant }: RemovedTenant,
): Promise<string[]> {
  const found: string[] = []
  const pages = everyPage(async ({ nextToken: Marker }) => {
    const { Keys = [], NextMarker } = await kms.send(new ListKeysCommand({ Limit: 1000, Marker }))
    return { items: Keys, ...(NextMarker ? { nextToken: NextMarker } : {}) }
  })
  for await (const page of pages)
    for (const { KeyArn = '' } of page) {
      const key = await findKey(kms, KeyArn).catch(unlessRefused)
      if (key?.tenant === tenant && key.deployment !== undefined && key.deployment === config.deploymentId)
        found.push(key.arn)
    }
  return found
}

/**
 * The keys that Secrets Manager encrypts this deployment's secrets of other tenants by, those that wait for their
 * deletion too. Of versions from before a change of key it tells none.
 */
export async function keysOfOtherSecrets(
  client: Pick<SecretsManagerClient, 'send'>,
  { deployment, tenant }: { readonly deployment: string; readonly tenant: string },
): Promise<string[]> {
  const found = new Set<string>()
  const Filters: Filter[] = [{ Key: 'name', Values: [secretIdPrefix(deployment)] }]
  const pages = everyPage(async (from) => {
    const { SecretList = [], NextToken } = await client.send(
      new ListSecretsCommand({
        IncludePlannedDeletion: true,
        MaxResults: SECRETS_AT_ONCE,
        Filters,
        NextToken: from.nextToken,
      }),
    )
    return { items: SecretList, ...(NextToken ? { nextToken: NextToken } : {}) }
  })
  for await (const page of pages)
    for (const { Name = '', KmsKeyId } of page) {
      const owner = findSecretIdParts(Name)?.tenant
      if (owner !== undefined && owner !== tenant && KmsKeyId !== undefined) found.add(KmsKeyId)
    }
  return [...found].sort()
}

function unlessRefused(error: unknown): undefined {
  if ((error as Error).name !== 'AccessDeniedException') throw error
  return undefined
}

/** Switches the rule off that would tell of the deletion. A stage without its alarms has none. */
export async function stopWatching(events: Pick<EventBridgeClient, 'send'>, Name: string): Promise<void> {
  try {
    await events.send(new DisableRuleCommand({ Name }))
  } catch (error) {
    if ((error as Error).name !== 'ResourceNotFoundException') throw error
  }
}
