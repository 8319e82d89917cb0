import type { ConnectionRow, SecretPointer } from '../../shared/domain/connection.ts'
import { metaKey, secretIdOfPartition, versionOfKey } from '../../shared/domain/sealed-keys.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import type { Attributes, Item, ItemStore } from '../../shared/ports/item-store.ts'
import type { OauthApplication } from '../../shared/rows/application-row.ts'
import type { Tombstone } from '../../shared/rows/tombstone-row.ts'
import { isUndoneCreation } from '../../shared/rows/undone-row.ts'
import { RESTORABLE_MS } from '../../shared/use-cases/commit/tombstones.ts'
import { everyItem } from '../support/stored-items.ts'

/** What is in the row store, sorted by what it is. */
interface Contents {
  readonly rows: ConnectionRow[]
  readonly applications: OauthApplication[]
  /** Client secrets before the newest, for as long as they are tried. */
  readonly stillTried: readonly SecretPointer[]
  readonly defaults: { sort: string; id: string }[]
  readonly tombstones: Tombstone[]
  readonly events: Attributes[]
  readonly counted: number
  readonly secretIds: string[]
  /** Those that are scheduled for deletion, and gone within days. */
  readonly scheduled: readonly string[]
  readonly versions: { secretId: string; versionId: string }[]
  readonly unfinished: string[]
  readonly formless: string[]
}

/**
 * Everything that must hold once reconcile has run, as the list of what does not. Superseded versions of a live
 * secret, and secrets that are scheduled for deletion, are left to the daily comparison, so they count only when
 * `versions` says so.
 */
export async function brokenInvariants(world: Looked, also: { versions: boolean }): Promise<string[]> {
  const found = await contentsOf(world)
  return [
    ...found.unfinished,
    ...found.formless.map((key) => `an item does not say which format it has: ${key}`),
    ...pointerFaults(found),
    ...secretFaults(found, also.versions ? [] : found.scheduled),
    ...(also.versions ? versionFaults(found) : []),
    ...eventFaults(found),
    ...tombstoneFaults(found, world.clock.nowMs()),
    ...applicationFaults(found),
    ...(found.counted === found.rows.length
      ? []
      : [`counters say ${found.counted}, there are ${found.rows.length} rows`]),
  ]
}

/** The row store to look into, and what time it is there. */
interface Looked {
  readonly items: ItemStore
  readonly clock: Pick<Clock, 'nowMs'>
}

async function contentsOf(world: Looked): Promise<Contents> {
  // What only says that something will never be created is left for an hour.
  const items = (await everyItem(world.items)).filter(
    (item) => !isUndoneCreation(item.attributes) || isIntent(item),
  )
  const nowMs = world.clock.nowMs()
  const of = (part: string) => items.filter(({ key }) => key.partition.endsWith(`#${part}`))
  const attributes = <T>(part: string) => of(part).map((item) => item.attributes as unknown as T)
  const versions = items.flatMap(({ key }) => versionOfKey(key) ?? [])
  const metas = items.flatMap(({ key }) => (key.sort === 'meta' ? [secretIdOfPartition(key.partition)!] : []))
  const applications = of('OAUTH_APPS')
    .filter(({ key }) => key.sort.startsWith('oa_'))
    .map((item) => item.attributes as unknown as OauthApplication)
  return {
    rows: attributes('CONNECTIONS'),
    applications,
    stillTried: applications.flatMap(({ previous }) =>
      previous !== undefined && nowMs < previous.untilMs ? [previous.secret] : [],
    ),
    defaults: of('OAUTH_APPS')
      .filter(({ key }) => key.sort.startsWith('default#'))
      .map(({ key, attributes: { id } }) => ({ sort: key.sort, id: String(id) })),
    tombstones: attributes('TOMBSTONES'),
    events: attributes('EVENTS'),
    counted: of('COUNTERS').reduce((sum, item) => sum + Number(item.attributes['total']), 0),
    secretIds: [...new Set([...metas, ...versions.map(({ secretId }) => secretId)])],
    scheduled: items.flatMap(({ key, attributes: { deletedAtMs } }) =>
      key.sort === 'meta' && deletedAtMs !== undefined ? [secretIdOfPartition(key.partition)!] : [],
    ),
    versions,
    formless: items
      .filter(({ attributes: { v } }) => typeof v !== 'number')
      .map(({ key: { partition, sort } }) => `${partition} ${sort}`),
    unfinished: [
      ...of('INTENTS')
        .filter((item) => !hasExpiry(item.attributes, nowMs))
        .map(({ key }) => `an intent is left: ${key.sort}`),
      ...of('RESCUES').map(({ key }) => `a rescue is left: ${key.sort}`),
      ...of('IDEMPOTENCY')
        .filter((item) => item.attributes['state'] !== 'done')
        .map(() => 'an Idempotency-Key record of an undone operation is left'),
    ],
  }
}

function isIntent({ key }: Item): boolean {
  return key.partition.endsWith('#INTENTS')
}

/** What is over, and only kept for a while so that a late asker hears of it, goes by itself. */
function hasExpiry({ expires_at_s: expiresAtS, due_at: dueAt }: Attributes, nowMs: number): boolean {
  return dueAt === undefined && typeof expiresAtS === 'number' && expiresAtS * 1000 < nowMs + 24 * 3600 * 1000
}

function pointers({ rows, applications, stillTried, tombstones }: Contents): SecretPointer[] {
  const owners = [...rows, ...applications, ...tombstones.map(({ row }) => row)]
  return [...owners.flatMap(({ secret }) => secret ?? []), ...stillTried]
}

function pointerFaults(found: Contents): string[] {
  const stored = new Set(found.versions.map(({ secretId, versionId }) => `${secretId} ${versionId}`))
  return pointers(found)
    .filter(
      ({ secretId, versionId }) =>
        !stored.has(`${secretId} ${versionId}`) || !found.secretIds.includes(secretId),
    )
    .map(({ secretId }) => `a pointer dangles: ${secretId}`)
}

function secretFaults(found: Contents, excused: readonly string[]): string[] {
  const owned = new Set(pointers(found).map(({ secretId }) => secretId))
  return found.secretIds
    .filter((secretId) => !owned.has(secretId) && !excused.includes(secretId))
    .map((secretId) => `nobody owns ${secretId} (${metaKey(secretId).sort})`)
}

function versionFaults(found: Contents): string[] {
  const pointed = new Set(pointers(found).map(({ secretId, versionId }) => `${secretId} ${versionId}`))
  return found.versions
    .filter(({ secretId, versionId }) => !pointed.has(`${secretId} ${versionId}`))
    .map(({ secretId, versionId }) => `nobody points at version ${versionId} of ${secretId}`)
}

function eventFaults({ rows, tombstones, events }: Contents): string[] {
  const last = new Map([...rows, ...tombstones.map(({ row }) => row)].map((row) => [row.id, row.sequence]))
  const ids = new Set([...last.keys(), ...events.map((event) => String(event['connection_id']))])
  return [...ids].flatMap((id) => {
    const mine = events.filter((event) => event['connection_id'] === id)
    const sequences = mine.map((event) => Number(event['sequence'])).sort((a, b) => a - b)
    const faults = sequences.some((sequence, index) => sequence !== index + 1)
      ? [`events of ${id} are not consecutive: ${sequences}`]
      : []
    const expected = last.get(id)
    if (expected !== undefined && expected !== sequences.at(-1))
      faults.push(`the last event of ${id} is missing`)
    const isDeleted = mine.some((event) => event['type'] === 'connection.deleted')
    if (expected === undefined && !isDeleted) faults.push(`events of ${id}, which is not there`)
    return faults
  })
}

function tombstoneFaults({ tombstones, rows }: Contents, nowMs: number): string[] {
  return tombstones.flatMap(({ state, row, deletedAtMs, purge }) => [
    ...(state === 'deleted' && !purge ? [] : [`the deletion of ${row.id} is not finished`]),
    ...(deletedAtMs + RESTORABLE_MS < nowMs ? [`the tombstone of ${row.id} is past its time`] : []),
    ...(rows.some(({ id }) => id === row.id) ? [`${row.id} is deleted and there`] : []),
  ])
}

function applicationFaults({ applications, defaults }: Contents): string[] {
  const named = new Map(defaults.map(({ sort, id }) => [sort, id]))
  const apps = new Set([
    ...applications.map(({ appId }) => appId),
    ...[...named.keys()].map((sort) => sort.slice(8)),
  ])
  return [...apps].flatMap((appId) => {
    const marked = applications.filter((app) => app.appId === appId && app.isDefault).map(({ id }) => id)
    const pointed = named.get(`default#${appId}`)
    return marked.length === 1 && marked[0] === pointed
      ? []
      : [`the default of ${appId} is ${pointed}, and marked are ${marked}`]
  })
}
