import {
  DescribeKeyCommand,
  type KeyMetadata,
  type KMSClient,
  ListResourceTagsCommand,
  ScheduleKeyDeletionCommand,
  TagResourceCommand,
} from '@aws-sdk/client-kms'
import { DEPLOYMENT_TAG, STAGE_TAG, TENANT_TAG } from '../../shared/adapters/kms/key-names.ts'
import { UsageError } from '../tool-command.ts'

type Kms = Pick<KMSClient, 'send'>

/** How long KMS waits before it deletes a key, in days (KMS API reference, ScheduleKeyDeletion). */
const [LEAST_DAYS, MOST_DAYS] = [7, 30]
const DAY_MS = 24 * 3600_000
/** On a key: the instant since which nothing of its tenant is sealed under another one. */
const WHOLE_TAG = 'flow-vault:wraps-all-since'

/** A tenant's own key, as KMS describes it. */
export interface TenantKey {
  readonly arn: string
  readonly state: string
  /** When KMS deletes it, where that is scheduled and known. */
  readonly deletedAtMs?: number
  /** Regions that have a replica of it. */
  readonly replicas: readonly string[]
  /** The key that this one is a replica of: as long as that is there, so is what both open. */
  readonly primary?: string
  /** Whose it is, and which stage made it, by its tags; keys of other making have none. */
  readonly tenant?: string
  readonly stage?: string
  readonly deployment?: string
  /** Since when all that is sealed of the tenant is sealed under it; undefined when nobody has made sure. */
  readonly wrapsAllSince?: string
}

/** The key of that name or ARN, or undefined when there is none. */
export async function findKey(kms: Kms, nameOrArn: string): Promise<TenantKey | undefined> {
  const key = await describeKey(kms, nameOrArn)
  if (key === undefined) return undefined
  const arn = String(key.Arn)
  const { Tags = [] } = await kms.send(new ListResourceTagsCommand({ KeyId: arn }))
  const tag = (name: string) => Tags.find(({ TagKey }) => TagKey === name)?.TagValue
  const [tenant, stage, deployment] = [tag(TENANT_TAG), tag(STAGE_TAG), tag(DEPLOYMENT_TAG)]
  const wrapsAllSince = tag(WHOLE_TAG)
  const { MultiRegionKeyType, PrimaryKey } = key.MultiRegionConfiguration ?? {}
  const primary = MultiRegionKeyType === 'REPLICA' ? PrimaryKey?.Arn : undefined
  return {
    arn,
    state: String(key.KeyState),
    replicas: (key.MultiRegionConfiguration?.ReplicaKeys ?? []).flatMap(({ Region }) => Region ?? []),
    ...(key.DeletionDate === undefined ? {} : { deletedAtMs: key.DeletionDate.getTime() }),
    ...(primary === undefined ? {} : { primary }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(stage === undefined ? {} : { stage }),
    ...(deployment === undefined ? {} : { deployment }),
    ...(wrapsAllSince === undefined ? {} : { wrapsAllSince }),
  }
}

/** What KMS says of the key of that name, id or ARN, or undefined when there is none. */
export async function describeKey(kms: Kms, KeyId: string): Promise<KeyMetadata | undefined> {
  try {
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }))
    return KeyMetadata
  } catch (error) {
    if ((error as Error).name !== 'NotFoundException') throw error
    return undefined
  }
}

/** Notes on the key that from this instant on nothing of its tenant is sealed under another one. */
export async function noteWhole(kms: Kms, arn: string, nowMs: number): Promise<void> {
  const Tags = [{ TagKey: WHOLE_TAG, TagValue: new Date(nowMs).toISOString() }]
  await kms.send(new TagResourceCommand({ KeyId: arn, Tags }))
}

/** The days that KMS is to wait. Throws `UsageError` for what KMS would not take. */
export function waitingDays(given: string | undefined): number {
  const days = given === undefined ? MOST_DAYS : Number(given)
  if (/^\d{1,2}$/.test(given ?? String(MOST_DAYS)) && days >= LEAST_DAYS && days <= MOST_DAYS) return days
  throw new UsageError(`--key-days ${given} is none. Allowed: ${LEAST_DAYS} to ${MOST_DAYS}, as KMS waits.`)
}

/**
 * Has KMS delete the key after so many days, its replicas first: until those are gone the days of the key itself do not
 * begin. Answers the day by which all are gone. One that is to be deleted already keeps its day.
 */
export async function scheduleDeletion(
  kmsOf: (region: string) => Kms,
  key: TenantKey,
  { days, nowMs }: { readonly days: number; readonly nowMs: number },
): Promise<number> {
  const regionOf = (arn: string) => arn.split(':')[3] ?? ''
  const inRegion = (region: string) => key.arn.replace(`:${regionOf(key.arn)}:`, `:${region}:`)
  let replicasGoneAtMs = nowMs
  for (const region of key.replicas) {
    const at = await scheduleOne(kmsOf(region), inRegion(region), { days, nowMs })
    replicasGoneAtMs = Math.max(replicasGoneAtMs, at)
  }
  return scheduleOne(kmsOf(regionOf(key.arn)), key.arn, { days, nowMs: replicasGoneAtMs })
}

async function scheduleOne(
  kms: Kms,
  KeyId: string,
  { days, nowMs }: { readonly days: number; readonly nowMs: number },
): Promise<number> {
  const known = await describeKey(kms, KeyId)
  if (known === undefined) return nowMs
  if (known.KeyState === 'PendingDeletion' && known.DeletionDate !== undefined)
    return known.DeletionDate.getTime()
  if (known.KeyState === 'PendingReplicaDeletion')
    return nowMs + (known.PendingDeletionWindowInDays ?? days) * DAY_MS
  const command = new ScheduleKeyDeletionCommand({ KeyId: known.KeyId, PendingWindowInDays: days })
  const { DeletionDate } = await kms.send(command)
  // Of a key with replicas KMS names no day: it is counted from the day on which the last of them goes.
  return DeletionDate?.getTime() ?? nowMs + days * DAY_MS
}

/** A day as people write it in tables: `2026-12-29`. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

/** What becomes of what was sealed under a key that is to be deleted, and how to go back. */
export function wordsOfDeletion(
  { arn, replicas, wrapsAllSince }: TenantKey,
  { goneAtMs, ruleName }: { readonly goneAtMs: number; readonly ruleName: string },
): string[] {
  const last = replicas.length === 0 ? '' : `, after its replicas in ${replicas.join(', ')}`
  const back = `aws kms cancel-key-deletion --key-id ${arn} && aws kms enable-key --key-id ${arn} && aws events enable-rule --name ${ruleName}`
  return [
    `KMS deletes the key ${arn} on ${dayOf(goneAtMs)}${last}: from then on nobody can open what is sealed under it, in no backup and no point-in-time copy. Names, ids and what happened are not sealed, and stay in those. The key is of no use from now on, and costs nothing.`,
    `Until that day this takes it back${replicas.length === 0 ? '' : ' (its replicas can be made again)'}: ${back}`,
    wrapsAllSince === undefined
      ? 'Copies from before all of the tenant was sealed under it, if there are any, hold the rest under the shared key: nobody ran npm run tenant -- key --go, which would say since when.'
      : `All of the tenant is sealed under it since ${wrapsAllSince}: copies from before may hold the rest under the key of then.`,
  ]
}

/** What is to be said of a tenant's key that wraps no item of it any more, with this kind of secret store. */
export function wordsOfFormerKey(arn: string, kind: 'sealed' | 'secrets-manager'): string {
  if (kind === 'secrets-manager')
    return `${arn} wraps no item of it any more. Keep it: Secrets Manager does not tell under which key a version of a secret is, and those without a staging label, and secrets that wait for their deletion, stay under the one before.`
  const deleting = `aws kms schedule-key-deletion --key-id ${arn} --pending-window-in-days 30`
  return `${arn} wraps nothing of it any more. When no copy of before is needed: ${deleting}`
}
