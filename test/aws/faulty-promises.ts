import type { ConnectionRow, SecretPointer } from '../../shared/domain/connection.ts'
import {
  connectionsPartition,
  countersPartition,
  eventsPartition,
  intentKey,
  rescueKey,
  subscriptionsPartition,
  tombstonesPartition,
} from '../../shared/domain/keys.ts'
import { findSecretIdParts } from '../../shared/domain/secret-id.ts'
import type { Subscription } from '../../shared/domain/subscription.ts'
import type { Tombstone } from '../../shared/rows/tombstone-row.ts'
import { openTokens } from '../../shared/use-cases/grants/sealed-tokens.ts'
import { rotateConnection } from '../../shared/use-cases/rotation/rotate-connection.ts'
import type { FaultyWorld } from './faulty-world.ts'

/** A renewal that others are waited for comes again after a hold. */
const TRIES = 3
const PAST_A_HOLD_MS = 120_000

/** Every item of a partition. */
export async function itemsOf<T>({ ports }: FaultyWorld, partition: string): Promise<T[]> {
  const { items } = await ports.items.query({ partition, limit: 100 })
  return items.map(({ attributes }) => attributes as unknown as T)
}

/** The promise that no write is lost and none is left half-done, for one tenant, as the list of what is broken. */
export async function brokenPromises(world: FaultyWorld, tenant: string): Promise<string[]> {
  const rows = await itemsOf<ConnectionRow>(world, connectionsPartition(tenant))
  const tombstones = await itemsOf<Tombstone>(world, tombstonesPartition(tenant))
  const subscriptions = await itemsOf<Subscription>(world, subscriptionsPartition(tenant))
  const live = [...rows.map(({ secret }) => secret), ...subscriptions.map(({ secret }) => secret)]
  const owners = new Set([...rows, ...tombstones.map(({ row }) => row), ...subscriptions].map(({ id }) => id))
  const orphans = (await secretsOf(world, tenant)).filter((ownerId) => !owners.has(ownerId))
  const counters = await itemsOf<{ total: number }>(world, countersPartition(tenant))
  const counted = counters.reduce((sum, { total }) => sum + total, 0)
  return [
    ...(await danglingPointers(world, live)),
    ...orphans.map((ownerId) => `nobody owns the secret of ${ownerId}`),
    ...(await leftBehind(world, tenant)),
    ...(await untoldChanges(world, tenant, rows)),
    ...(counted === rows.length ? [] : [`counters say ${counted}, there are ${rows.length} rows`]),
    ...tombstones.flatMap(({ row, state, purge }) =>
      state === 'deleted' && !purge ? [] : [`the deletion of ${row.id} is not finished`],
    ),
  ]
}

/**
 * The promises about grants: what a row points at opens; a single-use token was sent once; and, `single` fault or none,
 * it is held.
 */
export async function brokenGrants(
  world: FaultyWorld,
  tenant: string,
  { isSingle }: { readonly isSingle: boolean },
): Promise<string[]> {
  const { ports, provider, clock } = world
  const problems = provider.reused.splice(0).map((token) => `${token} was sent after it had been used`)
  for (const row of await itemsOf<ConnectionRow>(world, connectionsPartition(tenant))) {
    if (row.grant === undefined) continue
    const tokens = await openTokens(ports, row, row.grant).catch(() => undefined)
    if (tokens === undefined) problems.push(`the tokens of ${row.id} do not open`)
    const held = tokens?.['main']?.refresh_token
    // A store that stays away for longer than the hold of an answer may cost it, and nothing less may.
    if (!isSingle) continue
    if (row.grant.refresh !== undefined && !provider.isLive(held))
      problems.push(`the refresh token of ${row.id} is lost`)
    let result = 'not asked'
    for (let tries = 0; tries < TRIES && result !== 'rotated'; tries++) {
      result = (await rotateConnection(ports, { tenant, id: row.id, cause: 'manual' })).kind
      clock.moveOn(PAST_A_HOLD_MS)
    }
    if (result !== 'rotated') problems.push(`${row.id} cannot be renewed: ${result}`)
  }
  return problems
}

/** Who the tenant's secrets belong to, those too that wait for their deletion. */
export async function secretsOf({ secretNames }: FaultyWorld, tenant: string): Promise<string[]> {
  return (await secretNames(tenant)).flatMap((name) => findSecretIdParts(name)?.ownerId ?? [])
}

async function danglingPointers(
  { ports }: FaultyWorld,
  pointers: readonly (SecretPointer | undefined)[],
): Promise<string[]> {
  const found = await Promise.all(
    pointers.map(async (pointer) =>
      pointer === undefined
        ? []
        : ports.secrets.get(pointer.secretId, pointer.versionId).then(
            () => [],
            () => [`a pointer dangles: ${pointer.secretId}`],
          ),
    ),
  )
  return found.flat()
}

async function leftBehind(world: FaultyWorld, tenant: string): Promise<string[]> {
  const intents = await itemsOf<{ op: string; due_at?: number }>(world, intentKey(tenant, '').partition)
  const rescues = await itemsOf<{ op: string }>(world, rescueKey(tenant, '', '').partition)
  return [
    ...intents.filter(({ due_at }) => due_at !== undefined).map(({ op }) => `an intent is left: ${op}`),
    ...rescues.map(({ op }) => `a rescue is left: ${op}`),
  ]
}

async function untoldChanges(
  world: FaultyWorld,
  tenant: string,
  rows: readonly ConnectionRow[],
): Promise<string[]> {
  const events = await itemsOf<{ connection_id?: string }>(world, eventsPartition(tenant))
  const untold = rows.filter(
    ({ id, sequence }) => events.filter(({ connection_id }) => connection_id === id).length !== sequence,
  )
  return untold.map(({ id }) => `events of ${id} are missing`)
}
