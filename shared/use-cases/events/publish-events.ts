import { eventExpiryS } from '../../domain/change-event.ts'
import { eventKey, feedHeadKey, feedKey, findEventSortParts, findPartitionParts } from '../../domain/keys.ts'
import { errorFields } from '../../ports/error-fields.ts'
import type { EventOutlet, FeedEntry } from '../../ports/event-outlet.ts'
import { type Attributes, ConditionFailedError, type ItemKey, type Write } from '../../ports/item-store.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Ports } from '../../ports/ports.ts'
import { EVENT_ROWS, eventOf, FEED_HEAD_ROWS } from '../../rows/event-row.ts'

/** Two writes an event and one for the head, of the 100 that a transaction may have. */
const MAX_BATCH = 45
/** Another publisher of the same tenant gets in between; more often in a row than this is no accident. */
const MAX_TRIES = 8
/** What an outlet did not take comes again this much later, so that it does not stand before others in the index. */
const RETRY_AFTER_MS = 5_000

export interface PublishPorts extends Pick<Ports, 'items' | 'clock' | 'log'> {
  readonly metrics: Pick<Metrics, 'count' | 'observe'>
  readonly outlet: EventOutlet
  /** Told after a tenant's feed has grown. */
  readonly onPublished?: (tenant: string) => void
}

/** What came of a set of outbox keys: how many went out, and which have to come again. */
export interface PublishReport {
  readonly published: number
  readonly failed: readonly ItemKey[]
}

interface Waiting {
  readonly key: ItemKey
  readonly attributes: Attributes
}

/**
 * Publishes the events under these outbox keys: numbers them in their tenant's feed, hands them to the outlet, and
 * takes them out of the due index. Repeating it changes nothing but that the outlet may see an event twice. A
 * tenant that fails holds up no other; an item that holds no event is set aside.
 */
export async function publishEvents(ports: PublishPorts, keys: readonly ItemKey[]): Promise<PublishReport> {
  const reports = await Promise.all(
    [...byTenant(keys)].map(async ([tenant, ofTenant]): Promise<PublishReport> => {
      try {
        return { published: await publishOfTenant(ports, tenant, ofTenant), failed: [] }
      } catch (error) {
        ports.log.error('events could not be published; they come again', { tenant, ...errorFields(error) })
        ports.metrics.count('events_published', ofTenant.length, { outcome: 'failed' })
        await postpone(ports, ofTenant)
        return { published: 0, failed: ofTenant }
      }
    }),
  )
  return {
    published: reports.reduce((sum, { published }) => sum + published, 0),
    failed: reports.flatMap(({ failed }) => failed),
  }
}

function byTenant(keys: readonly ItemKey[]): Map<string, ItemKey[]> {
  const groups = new Map<string, ItemKey[]>()
  for (const key of keys) {
    const tenant = findPartitionParts(key.partition)?.tenant
    if (tenant !== undefined) groups.set(tenant, [...(groups.get(tenant) ?? []), key])
  }
  return groups
}

async function publishOfTenant(
  ports: PublishPorts,
  tenant: string,
  keys: readonly ItemKey[],
): Promise<number> {
  const waiting = await readWaiting(ports, tenant, keys)
  const isNeeded = await ports.outlet.isNeeded(tenant)
  let published = 0
  for (let from = 0; from < waiting.length; from += MAX_BATCH) {
    const batch = waiting.slice(from, from + MAX_BATCH)
    const entries = await numberBatch(ports, tenant, { batch, keepsDue: isNeeded })
    ports.onPublished?.(tenant)
    if (isNeeded) {
      await ports.outlet.take(tenant, entries)
      await ports.items.transact(batch.map(({ key }) => taken(key)))
    }
    for (const { attributes } of batch) observeLag(ports, attributes)
    published += entries.length
  }
  return published
}

/**
 * What of these keys still waits, in the order to publish it. A predecessor that waits too is taken along, however
 * it came to be left out: a connection's events are numbered in the order of their sequence.
 */
async function readWaiting(
  ports: PublishPorts,
  tenant: string,
  keys: readonly ItemKey[],
): Promise<readonly Waiting[]> {
  const owners = Map.groupBy(keys, ownerOf)
  const found = await Promise.all(
    [...owners.values()].map((ofOwner) => readWaitingOfOwner(ports, tenant, ofOwner)),
  )
  return inOrder(found.flat())
}

async function readWaitingOfOwner(
  ports: PublishPorts,
  tenant: string,
  keys: readonly ItemKey[],
): Promise<readonly Waiting[]> {
  const found = new Map<string, Waiting>()
  for (const first of keys) {
    for (let key: ItemKey | undefined = first; key !== undefined; key = predecessorOf(tenant, key)) {
      if (found.has(key.sort)) break
      const attributes = await ports.items.get(key)
      if (attributes?.['due_shard'] === undefined) break
      if (eventOf(attributes) === undefined) await setAside(ports, key)
      else found.set(key.sort, { key, attributes })
    }
  }
  return [...found.values()]
}

/** Whose event it is: a connection's, or a subscription's. */
function ownerOf({ sort }: ItemKey): string {
  return findEventSortParts(sort)?.ownerId ?? sort
}

/** By their time, but never a connection's event before its predecessor: the clock may have gone back between them. */
function inOrder(waiting: readonly Waiting[]): readonly Waiting[] {
  const bySort = waiting.toSorted((a, b) => (a.key.sort < b.key.sort ? -1 : 1))
  const latestOf = new Map<string, number>()
  const timed = bySort.map((one) => {
    const owner = ownerOf(one.key)
    const atMs = Math.max(Number(one.attributes['due_at']), latestOf.get(owner) ?? 0)
    latestOf.set(owner, atMs)
    return { one, atMs }
  })
  // The sort is stable, so those of one time stay in the order of their keys.
  return timed.toSorted((a, b) => a.atMs - b.atMs).map(({ one }) => one)
}

function predecessorOf(tenant: string, key: ItemKey): ItemKey | undefined {
  const parts = findEventSortParts(key.sort)
  return parts === undefined || parts.sequence <= 1
    ? undefined
    : eventKey(tenant, parts.ownerId, parts.sequence - 1)
}

/** An item in which there is no event to be told would otherwise come again for ever. */
async function setAside(ports: PublishPorts, key: ItemKey): Promise<void> {
  ports.log.error('an outbox item holds no event and was set aside', { at: `${key.partition} ${key.sort}` })
  ports.metrics.count('events_published', 1, { outcome: 'unreadable' })
  await ports.items.transact([taken(key)])
}

function taken(key: ItemKey): Write {
  return { op: 'update', key, remove: ['due_shard', 'due_at'], when: [{ kind: 'item-present' }] }
}

/** Gives each of the batch its number, at once for all; one that has a number already keeps it. */
async function numberBatch(
  ports: PublishPorts,
  tenant: string,
  { batch, keepsDue }: { batch: readonly Waiting[]; keepsDue: boolean },
): Promise<readonly FeedEntry[]> {
  let current = batch
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const head = FEED_HEAD_ROWS.find(await ports.items.get(feedHeadKey(tenant)))?.number ?? 0
    const expiresAtS = eventExpiryS(ports.clock.nowMs())
    const { entries, writes } = numbered(tenant, current, { head, keepsDue, expiresAtS })
    try {
      if (writes.length > 0) await ports.items.transact(writes)
      return entries
    } catch (error) {
      if (!(error instanceof ConditionFailedError)) throw error
      current = await Promise.all(
        current.map(async ({ key, attributes }) => ({
          key,
          attributes: (await ports.items.get(key)) ?? attributes,
        })),
      )
    }
  }
  throw new ConditionFailedError(0, undefined)
}

function numbered(
  tenant: string,
  batch: readonly Waiting[],
  { head, keepsDue, expiresAtS }: { head: number; keepsDue: boolean; expiresAtS: number },
): { entries: readonly FeedEntry[]; writes: readonly Write[] } {
  let number = head
  const entries: FeedEntry[] = []
  const writes: Write[] = []
  for (const { key, attributes } of batch) {
    const event = eventOf(attributes)!
    const known = attributes['feed']
    if (typeof known === 'number') {
      entries.push({ number: known, event })
      if (!keepsDue) writes.push(taken(key))
      continue
    }
    number++
    entries.push({ number, event })
    writes.push(numberWrite(key, { number, keepsDue }), {
      op: 'put',
      key: feedKey(tenant, number),
      attributes: { ...EVENT_ROWS.encode(event), expires_at_s: expiresAtS },
      when: [{ kind: 'item-absent' }],
    })
  }
  if (number > head) writes.push(headWrite(tenant, { from: head, to: number }))
  return { entries: entries.sort((a, b) => a.number - b.number), writes }
}

function numberWrite(key: ItemKey, { number, keepsDue }: { number: number; keepsDue: boolean }): Write {
  return {
    op: 'update',
    key,
    set: { feed: number },
    ...(keepsDue ? {} : { remove: ['due_shard', 'due_at'] }),
    when: [{ kind: 'item-present' }, { kind: 'absent', attribute: 'feed' }],
  }
}

function headWrite(tenant: string, { from, to }: { from: number; to: number }): Write {
  return {
    op: 'update',
    key: feedHeadKey(tenant),
    set: FEED_HEAD_ROWS.encode({ number: to }),
    when: [from === 0 ? { kind: 'item-absent' } : { kind: 'equals', attribute: 'number', value: from }],
  }
}

function observeLag(ports: PublishPorts, attributes: Attributes): void {
  ports.metrics.count('events_published', 1, { outcome: 'published' })
  // By when it happened: one that failed before has been put off since.
  const happenedAtMs = Date.parse(String(attributes['occurred_at']))
  ports.metrics.observe('publish_lag', Math.max(0, ports.clock.nowMs() - happenedAtMs))
}

async function postpone(ports: PublishPorts, keys: readonly ItemKey[]): Promise<void> {
  const dueAtMs = ports.clock.nowMs() + RETRY_AFTER_MS
  for (const key of keys) {
    const shard = (await ports.items.get(key).catch(() => undefined))?.['due_shard']
    if (typeof shard !== 'string') continue
    const when = [{ kind: 'equals', attribute: 'due_shard', value: shard }] as const
    const set = { due_shard: shard, due_at: dueAtMs }
    // Best effort: one that is not moved comes again sooner.
    await ports.items.transact([{ op: 'update', key, set, when }]).catch(() => undefined)
  }
}
