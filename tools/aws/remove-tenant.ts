import {
  deliveriesPartition,
  eventsPartition,
  feedHeadKey,
  feedPartition,
  findPartitionParts,
} from '../../shared/domain/keys.ts'
import { findSealedGrant, secretIdOfPartition } from '../../shared/domain/sealed-keys.ts'
import { findSecretIdParts } from '../../shared/domain/secret-id.ts'
import { partitionOfKind } from '../../shared/domain/tool-keys.ts'
import type { ItemKey, ItemStore, Write } from '../../shared/ports/item-store.ts'
import { everyPage, pagesOf } from '../../shared/ports/pages-of.ts'
import type { SecretStore } from '../../shared/ports/secret-store.ts'
import { MOVED_KINDS } from './move/moved-kinds.ts'

/** A page that is read at once. */
const PAGE_ITEMS = 100
/** A transaction takes 100 writes (DynamoDB, TransactWriteItems): one of them may be the condition of the others. */
const DELETES_AT_ONCE = 99

/** What is there of a tenant, and what was removed of it. */
export interface TenantCounts {
  readonly rows: number
  readonly tokens: number
  readonly secrets: number
  /** The keys that its sealed items are wrapped by. */
  readonly keyIds: readonly string[]
  /** The keys that items of all others are wrapped by. */
  readonly keyIdsOfOthers: readonly string[]
}

/** Whose an item is, and what kind: a row, a sealed token, or a version of a sealed secret. */
export function ownerOf(key: ItemKey): { tenant: string; kind: 'row' | 'token' | 'secret' } | undefined {
  const row = findPartitionParts(key.partition)
  if (row !== undefined) return { tenant: row.tenant, kind: 'row' }
  const token = findSealedGrant(key)
  if (token !== undefined) return { tenant: token.tenant, kind: 'token' }
  const secret = findSecretIdParts(secretIdOfPartition(key.partition) ?? '')
  return secret === undefined ? undefined : { tenant: secret.tenant, kind: 'secret' }
}

/** The stores of a vault that something is removed from. */
export interface EmptiedStores {
  readonly items: ItemStore
  readonly secrets: Pick<SecretStore, 'list' | 'purge' | 'staging'>
}

/** How something is removed. */
export interface Removal {
  /** Checked with each removal. */
  readonly onlyIf?: Extract<Write, { op: 'check' }>
  tell?(line: string): void
}

/** What is there of tenants, by its keys and names. */
export interface FoundOfTenants extends TenantCounts {
  readonly keys: Readonly<Record<'row' | 'token' | 'secret', readonly ItemKey[]>>
  /** Of secrets that are beside the table. */
  readonly names: readonly string[]
}

/** Looks at every item of the table, because only so nothing is left out, and at every secret beside it. */
export async function findTenants(
  { items, secrets }: EmptiedStores,
  tenants: ReadonlySet<string>,
  tell: (line: string) => void = () => undefined,
): Promise<FoundOfTenants> {
  const { keyIds, keyIdsOfOthers, ...keys } = await scanFor(items, tenants)
  tell(`${keys.row.length} rows, ${keys.token.length + keys.secret.length} sealed items`)
  const names = secrets.staging === 'with-the-row' ? [] : await secretsOf(secrets, tenants)
  const sealed = new Set(keys.secret.map(({ partition }) => partition))
  tell(`${names.length + sealed.size} secrets`)
  return {
    keys,
    names,
    rows: keys.row.length,
    tokens: keys.token.length,
    secrets: names.length + sealed.size,
    keyIds: [...keyIds].sort(),
    keyIdsOfOthers: [...keyIdsOfOthers].sort(),
  }
}

/**
 * Removes what was found of tenants: their rows first, so that nothing of them is served or renewed from then on, then
 * tokens and secrets. A run that was stopped is repeated: it goes on with what is there. Nothing is removed where
 * `onlyIf` does not hold any more: it throws `ConditionFailedError` then. A secret beside the table may go in the moment
 * after the check.
 */
export async function removeFound(
  { items, secrets }: EmptiedStores,
  { keys, names }: Pick<FoundOfTenants, 'keys' | 'names'>,
  { onlyIf, tell = () => undefined }: Removal,
): Promise<void> {
  const conditions = onlyIf === undefined ? [] : [onlyIf]
  const remove = removerOf(items, conditions)
  await remove(keys.row, (done) => tell(`${done} of ${keys.row.length} rows removed`))
  await remove(keys.token, (done) => tell(`${done} of ${keys.token.length} tokens removed`))
  await remove(keys.secret, (done) => tell(`${done} of ${keys.secret.length} versions of secrets removed`))
  for (const [index, name] of names.entries()) {
    if (onlyIf !== undefined) await items.transact(conditions)
    await secrets.purge(name)
    if ((index + 1) % PAGE_ITEMS === 0) tell(`${index + 1} of ${names.length} secrets destroyed`)
  }
}

/**
 * Whether a tenant that was removed has something again. Whatever is made begins with a row of the tenant, and there are
 * few kinds of these: each is asked for, and the table is not read once more.
 */
export async function hasAnythingOf(items: ItemStore, tenant: string): Promise<boolean> {
  for (const kind of Object.keys(MOVED_KINDS)) {
    const page = await items.query({ partition: partitionOfKind({ tenant, kind }), limit: 1 })
    if (page.items.length > 0) return true
  }
  return false
}

interface Found extends Record<'row' | 'token' | 'secret', ItemKey[]> {
  readonly keyIds: ReadonlySet<string>
  readonly keyIdsOfOthers: ReadonlySet<string>
}

async function scanFor(items: ItemStore, tenants: ReadonlySet<string>): Promise<Found> {
  const [keyIds, keyIdsOfOthers] = [new Set<string>(), new Set<string>()]
  const apart = new Set([...tenants].flatMap(eventPartitions))
  const found = {
    row: [] as ItemKey[],
    token: [] as ItemKey[],
    secret: [] as ItemKey[],
    keyIds,
    keyIdsOfOthers,
  }
  for await (const page of everyPage((from) => items.scan({ limit: PAGE_ITEMS, ...from }))) {
    for (const { key, attributes } of page) {
      const owner = ownerOf(key)
      const isTheirs = owner !== undefined && tenants.has(owner.tenant)
      if (typeof attributes['keyId'] === 'string')
        (isTheirs ? keyIds : keyIdsOfOthers).add(attributes['keyId'])
      if (isTheirs && !apart.has(key.partition)) found[owner.kind].push(key)
    }
  }
  for (const partition of apart)
    for await (const page of pagesOf(items, { partition, limit: PAGE_ITEMS }))
      found.row.push(...page.map(({ key }) => key))
  return found
}

/** What a scan of the rows does not see where events have a table of their own. */
function eventPartitions(tenant: string): string[] {
  return [
    eventsPartition(tenant),
    feedPartition(tenant),
    feedHeadKey(tenant).partition,
    deliveriesPartition(tenant),
  ]
}

async function secretsOf(
  secrets: Pick<SecretStore, 'list'>,
  tenants: ReadonlySet<string>,
): Promise<string[]> {
  const names: string[] = []
  for await (const page of everyPage((from) => secrets.list({ limit: PAGE_ITEMS, ...from }))) {
    for (const { secretId } of page)
      if (tenants.has(findSecretIdParts(secretId)?.tenant ?? '')) names.push(secretId)
  }
  return names
}

function removerOf(items: ItemStore, conditions: readonly Write[]) {
  return async (keys: readonly ItemKey[], tell: (done: number) => void): Promise<void> => {
    for (let at = 0; at < keys.length; at += DELETES_AT_ONCE) {
      const some = keys.slice(at, at + DELETES_AT_ONCE)
      await items.transact([...conditions, ...some.map((key) => ({ op: 'delete', key }) as const)])
      tell(at + some.length)
    }
  }
}

/** What goes on holding data of a tenant that was removed, and until when. */
export function whatStays({
  nowMs,
  keepDays,
  hasKey,
}: {
  readonly nowMs: number
  readonly keepDays: number | undefined
  /** A key of its own wraps all of it. */
  readonly hasKey: boolean
}): string[] {
  const until = (days: number) => new Date(nowMs + days * DAY_MS).toISOString().slice(0, 10)
  return [
    `Point-in-time recovery of the table can bring it back until ${until(RECOVERY_DAYS)}.`,
    ...(keepDays === undefined
      ? []
      : [
          `Copies by AWS Backup hold it until ${until(keepDays)}; delete recovery points for it to go before.`,
        ]),
    `Logs hold the ids of its connections and clients until ${until(LOG_DAYS)}; no log holds a credential.`,
    ...(hasKey
      ? []
      : ['What was sealed is ciphertext in all of them, under keys that other tenants may need too.']),
    'Functions that are running forget what they have opened when they end, within hours; they look at the row first.',
    'Grants live on at the providers: freeze with revoke=true before a removal to end them.',
  ]
}

const DAY_MS = 24 * 3600_000
/** DynamoDB restores any second of the last 35 days. */
const RECOVERY_DAYS = 35
/** As long as the log groups keep lines. */
const LOG_DAYS = 90
