import {
  DescribeSecretCommand,
  type SecretsManagerClient,
  UpdateSecretCommand,
} from '@aws-sdk/client-secrets-manager'
import { isSameKey } from '../../shared/adapters/kms/kms-key-wrapper.ts'
import { contextOf, rewrapPage } from '../../shared/adapters/sealed/rewrap.ts'
import { findSecretIdParts } from '../../shared/domain/secret-id.ts'
import { keyMoveKey } from '../../shared/domain/tool-keys.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import type { ItemStore } from '../../shared/ports/item-store.ts'
import type { KeyWrapper } from '../../shared/ports/key-wrapper.ts'
import { everyPage } from '../../shared/ports/pages-of.ts'
import type { SecretStore } from '../../shared/ports/secret-store.ts'
import { KEY_MOVE_ROWS, type KeyMoveRow } from '../../shared/rows/key-move-row.ts'

/** A page that is read at once. */
const PAGE_ITEMS = 100
/** After so many items a line is told, and after so many secrets. */
const TELL_EVERY = 10_000
const TELL_EVERY_SECRETS = 100
/** After so many items a run that is stopped has lost nothing: a write, beside what reading them takes. */
const KEEP_EVERY = 1_000
/** The tenant's data is not what it was after longer. */
const GONE_ON_WITHIN_MS = 24 * 3600_000
/** What is sealed while a pass goes on is found by the next one; a third finds nothing, unless old functions still run. */
const MAX_PASSES = 3

/** What is sealed of a tenant, by the key that it should be under. */
export interface KeyCount {
  readonly current: number
  /** Under another key. */
  readonly other: number
  /** The names of those other keys. */
  readonly otherKeys: readonly string[]
  /** The keys that sealed items of all other tenants are under. */
  readonly keyIdsOfOthers: readonly string[]
}

/** What a move came to. */
export interface KeyMove {
  readonly moved: number
  /** When a whole pass had found nothing more to move; undefined where none did. Before it, some may be elsewhere. */
  readonly wholeAtMs?: number
  /** Items whose key does not open. */
  readonly failed: number
}

/** Counts a tenant's sealed items under `keyArn` and under others; changes nothing. */
export async function countByKey(items: ItemStore, tenant: string, keyArn: string): Promise<KeyCount> {
  let current = 0
  const others: string[] = []
  const keyIdsOfOthers = new Set<string>()
  for await (const page of everyPage((from) => items.scan({ limit: PAGE_ITEMS, ...from }))) {
    for (const { key, attributes } of page) {
      const context = contextOf(key)
      if (context === undefined) continue
      const keyId = String(attributes['keyId'])
      if (context.tenant !== tenant) keyIdsOfOthers.add(keyId)
      else if (isSameKey(keyId, keyArn)) current += 1
      else others.push(keyId)
    }
  }
  const otherKeys = [...new Set(others)].sort()
  return { current, other: others.length, otherKeys, keyIdsOfOthers: [...keyIdsOfOthers].sort() }
}

/**
 * Has every sealed item of a tenant wrapped by `keyArn`, which is the tenant's now: data keys are wrapped anew, and
 * nothing is decrypted here. Functions go on meanwhile; an item that one of them replaces is left to the next pass. A run
 * that was stopped is gone on with, within a day.
 */
export async function moveTenant(
  { clock, ...ports }: KeyMovePorts & { readonly clock: Pick<Clock, 'nowMs'> },
  { tenant, keyArn }: { readonly tenant: string; readonly keyArn: string },
  tell: (line: string) => void,
): Promise<KeyMove> {
  const key = keyMoveKey(tenant)
  const startedAtMs = clock.nowMs()
  const known = KEY_MOVE_ROWS.find(await ports.items.get(key))
  const isGoneOnWith = known?.keyArn === keyArn && startedAtMs - known.startedAtMs < GONE_ON_WITHIN_MS
  let begun: KeyMoveRow | undefined = isGoneOnWith ? known : undefined
  if (begun !== undefined)
    tell(`going on with pass ${begun.pass} after ${begun.looked} items, ${begun.rewrapped} of them moved`)
  let moved = 0
  let failed = 0
  let wholeAtMs: number | undefined
  for (let pass = begun?.pass ?? 1; pass <= MAX_PASSES && wholeAtMs === undefined; pass += 1) {
    const start = begun ?? { ...NOTHING_YET, keyArn, startedAtMs, pass }
    const found = await onePass(ports, { tenant, start }, tell)
    begun = undefined
    moved += found.rewrapped
    failed = found.failed
    tell(`pass ${pass}: ${found.rewrapped} moved, ${found.current} there already`)
    if (found.rewrapped + found.contended + found.failed === 0) wholeAtMs = clock.nowMs()
  }
  await ports.items.transact([{ op: 'delete', key }])
  return { moved, failed, ...(wholeAtMs === undefined ? {} : { wholeAtMs }) }
}

interface KeyMovePorts {
  readonly items: ItemStore
  readonly keys: KeyWrapper
}

const NOTHING_YET = { looked: 0, rewrapped: 0, current: 0, contended: 0, failed: 0 }

/** One pass over the table from where it stands; how far it is is kept with every so many pages. */
async function onePass(
  ports: KeyMovePorts,
  {
    tenant,
    start,
  }: { readonly tenant: string; readonly start: Omit<KeyMoveRow, 'cursor'> & { cursor?: string } },
  tell: (line: string) => void,
): Promise<Omit<KeyMoveRow, 'cursor'>> {
  const { cursor, ...sum } = { ...start }
  const expiresAtS = Math.ceil((start.startedAtMs + GONE_ON_WITHIN_MS) / 1000)
  let nextToken = cursor
  do {
    const query = { limit: PAGE_ITEMS, ...(nextToken === undefined ? {} : { nextToken }) }
    const page = await rewrapPage(query, ports, tenant)
    sum.rewrapped += page.rewrapped
    sum.current += page.current
    sum.contended += page.contended
    sum.failed += page.failed.length
    sum.looked += PAGE_ITEMS
    if (sum.looked % TELL_EVERY === 0) tell(`${sum.looked} items looked at, ${sum.rewrapped} moved`)
    nextToken = page.nextToken
    if (nextToken === undefined || sum.looked % KEEP_EVERY !== 0) continue
    const attributes = KEY_MOVE_ROWS.encode({ ...sum, cursor: nextToken })
    await ports.items.transact([
      { op: 'put', key: keyMoveKey(tenant), attributes: { ...attributes, expires_at_s: expiresAtS } },
    ])
  } while (nextToken !== undefined)
  return sum
}

/**
 * Has Secrets Manager encrypt what is written into a tenant's secrets from now on by `keyArn`, and versions that have a
 * staging label anew, where the caller may use both keys (API reference, UpdateSecret). A version without one, which a
 * setup may point to, stays under the key before, and nothing tells of that. Answers how many were changed, or with
 * `isDry` would be.
 */
export async function moveSecrets(
  {
    secrets,
    client,
  }: { readonly secrets: Pick<SecretStore, 'list'>; readonly client: Pick<SecretsManagerClient, 'send'> },
  { tenant, keyArn, isDry }: { readonly tenant: string; readonly keyArn: string; readonly isDry: boolean },
  tell: (line: string) => void,
): Promise<number> {
  let moved = 0
  for await (const page of everyPage((from) => secrets.list({ limit: PAGE_ITEMS, ...from }))) {
    for (const { secretId, deletedAtMs } of page) {
      // One that waits for its deletion takes no other key, and goes with the one that it has.
      if (findSecretIdParts(secretId)?.tenant !== tenant || deletedAtMs !== undefined) continue
      const { KmsKeyId } = await client.send(new DescribeSecretCommand({ SecretId: secretId }))
      if (KmsKeyId === keyArn) continue
      if (!isDry) await client.send(new UpdateSecretCommand({ SecretId: secretId, KmsKeyId: keyArn }))
      moved += 1
      if (moved % TELL_EVERY_SECRETS === 0) tell(`${moved} secrets`)
    }
  }
  return moved
}
