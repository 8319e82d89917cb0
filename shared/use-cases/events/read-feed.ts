import { EVENT_RETENTION_DAYS, publishedAtS, type VaultEvent } from '../../domain/change-event.ts'
import { VaultError } from '../../domain/errors.ts'
import { queryInstantMs } from '../../domain/instant.ts'
import { feedHeadKey, feedKey, feedPartition, feedSort } from '../../domain/keys.ts'
import type { FeedEntry } from '../../ports/event-outlet.ts'
import { afterOthers } from '../../ports/others-turn.ts'
import { decodePageToken, encodePageToken } from '../../ports/page-token.ts'
import type { Ports } from '../../ports/ports.ts'
import { eventOf, FEED_HEAD_ROWS } from '../../rows/event-row.ts'

/** A cursor that stands for the end of the feed, for a follower that wants only what comes. */
export const LATEST = 'latest'

/** What a feed cursor may be, for a caller who sent another. */
export const CURSOR_ALLOWED =
  '`after` of an earlier answer of this feed, `latest`, or an instant such as 2026-12-01T09:00:00Z'

const DAY_S = 86_400

export interface FeedPage {
  readonly events: readonly VaultEvent[]
  /** The cursor of the next page, to be asked for at once when there is `more`. */
  readonly after: string
  readonly more: boolean
}

type FeedPorts = Pick<Ports, 'items' | 'clock'>

/**
 * A tenant's events after a cursor, or since an instant, oldest first; without either from the oldest that is kept.
 * Throws `invalid-query` for a cursor that is not this tenant's, and `events-expired` when events between the cursor and
 * the oldest that is kept are gone: who follows the feed has missed something and must start anew.
 */
export async function readFeed(
  ports: FeedPorts,
  input: { tenant: string; after: string | undefined; limit: number },
): Promise<FeedPage> {
  const { entries, after, more } = await readNumberedFeed(ports, input)
  return { events: entries.map(({ event }) => event), after, more }
}

/** As `readFeed`, each event with its number. */
export async function readNumberedFeed(
  ports: FeedPorts,
  input: { tenant: string; after: string | undefined; limit: number },
): Promise<Omit<FeedPage, 'events'> & { readonly entries: readonly FeedEntry[] }> {
  const { tenant, limit } = input
  if (input.after === LATEST) {
    return { entries: [], after: cursorOf(tenant, await headOf(ports, tenant)), more: false }
  }
  const from = input.after === undefined ? undefined : await placeOf(ports, tenant, input.after)
  const found = await read(ports, { tenant, after: from ?? 0, limit: limit + 1, descending: false })
  const items = found.slice(0, limit)
  const last = items.at(-1)?.number
  if (from !== undefined) await refuseGap(ports, { tenant, from, next: items[0]?.number })
  // An empty feed begins at its head: what was removed long ago is not missed by who never saw it.
  const after = last ?? from ?? (await headOf(ports, tenant))
  const entries = items.flatMap(({ number, event }) => (event === undefined ? [] : [{ number, event }]))
  return { entries, after: cursorOf(tenant, after), more: found.length > limit }
}

/** Which events are asked for; each that is said narrows. */
export interface FeedFilter {
  readonly type?: string | undefined
  readonly connectionId?: string | undefined
  /** The id of whoever caused it. */
  readonly actor?: string | undefined
}

/** How many events one request looks at for those that fit: what a page of the largest size costs, ten times. */
const MAX_LOOKED_AT = 1000
/** What is looked at before others have a turn. */
const LOOKED_AT_ONCE = 200

/**
 * A tenant's events newest first, those before a cursor or an instant, or the newest of all. With a filter a page may
 * have fewer than its limit, or none, and `more`: it looks at a thousand events at most. Throws `invalid-query`.
 */
export async function readFeedBackwards(
  ports: FeedPorts,
  input: { tenant: string; before: string | undefined; limit: number; filter?: FeedFilter },
): Promise<FeedPage> {
  const { tenant, limit, filter = {} } = input
  const isFiltered = Object.values(filter).some((asked) => asked !== undefined)
  const from = await beginningBackwards(ports, tenant, input.before)
  const events: VaultEvent[] = []
  let oldest = from
  let more = true
  for (let left = isFiltered ? MAX_LOOKED_AT : limit; more && left > 0 && events.length < limit; ) {
    const atOnce = Math.min(left, isFiltered ? LOOKED_AT_ONCE : limit)
    const found = await read(ports, { tenant, after: oldest, limit: atOnce + 1, descending: true })
    more = found.length > atOnce
    for (const { number, event } of found.slice(0, atOnce)) {
      if (events.length === limit) {
        more = true
        break
      }
      oldest = number
      if (event !== undefined && fits(event, filter)) events.push(event)
    }
    left -= atOnce
    if (isFiltered) await afterOthers()
  }
  const last = oldest === Number.MAX_SAFE_INTEGER ? 0 : oldest
  return { events, after: cursorOf(tenant, last), more }
}

function fits(event: VaultEvent, { type, connectionId, actor }: FeedFilter): boolean {
  return (
    (type === undefined || event.type === type) &&
    (connectionId === undefined || event.connection_id === connectionId) &&
    (actor === undefined || event.actor?.id === actor)
  )
}

interface FeedItem {
  readonly number: number
  readonly event: VaultEvent | undefined
}

async function read(
  ports: FeedPorts,
  query: { tenant: string; after: number; limit: number; descending: boolean },
): Promise<readonly FeedItem[]> {
  const { tenant, after, limit, descending } = query
  const page = await ports.items.query({
    partition: feedPartition(tenant),
    ...(after === Number.MAX_SAFE_INTEGER ? {} : { after: feedSort(after) }),
    limit,
    descending,
  })
  const nowS = ports.clock.nowMs() / 1000
  return page.items
    .filter(({ attributes }) => Number(attributes['expires_at_s']) > nowS)
    .map(({ key, attributes }) => ({ number: Number(key.sort), event: eventOf(attributes) }))
}

/** Numbers have no gaps, so one that is missing behind the cursor has been removed with age. */
async function refuseGap(
  ports: FeedPorts,
  { tenant, from, next }: { tenant: string; from: number; next: number | undefined },
): Promise<void> {
  const expected = from + 1
  if (next === expected) return
  const head = next === undefined ? await headOf(ports, tenant) : Number.POSITIVE_INFINITY
  if (head === from) return
  // Numbers that are given out again, after an older copy was restored, would be skipped by who is beyond them.
  if (head < from) throw expired('This cursor is ahead of the feed, which was restored from an earlier copy.')
  // Published between the two reads: it is there, and comes with the next page.
  if (next === undefined && (await isKept(ports, tenant, expected))) return
  throw expired('Events after this cursor are older than 30 days and gone.')
}

function expired(why: string): VaultError {
  const then = 'Read the connections anew, then follow the feed from `after=latest`.'
  return new VaultError('events-expired', `${why} ${then}`)
}

async function isKept(ports: FeedPorts, tenant: string, number: number): Promise<boolean> {
  const item = await ports.items.get(feedKey(tenant, number))
  return Number(item?.['expires_at_s'] ?? 0) > ports.clock.nowMs() / 1000
}

async function headOf(ports: FeedPorts, tenant: string): Promise<number> {
  return FEED_HEAD_ROWS.find(await ports.items.get(feedHeadKey(tenant)))?.number ?? 0
}

async function beginningBackwards(
  ports: FeedPorts,
  tenant: string,
  before: string | undefined,
): Promise<number> {
  if (before === undefined || before === LATEST) return Number.MAX_SAFE_INTEGER
  const place = await placeOf(ports, tenant, before)
  return queryInstantMs(before) === undefined ? place : place + 1
}

/** The number after which to go on: a cursor's, or that of the last event that was published before an instant. */
async function placeOf(ports: FeedPorts, tenant: string, after: string): Promise<number> {
  const sinceMs = queryInstantMs(after)
  if (sinceMs === undefined) return numberOf(tenant, after)
  const sinceS = Math.floor(sinceMs / 1000)
  if (sinceS < ports.clock.nowMs() / 1000 - EVENT_RETENTION_DAYS * DAY_S)
    throw expired('The feed keeps events for 30 days, and this instant is before that.')
  let low = 0
  let high = await headOf(ports, tenant)
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    const item = await ports.items.get(feedKey(tenant, middle))
    // One that is gone was removed with age, and so were all before it.
    const isBefore = item === undefined || publishedAtS(Number(item['expires_at_s'])) < sinceS
    if (isBefore) low = middle
    else high = middle - 1
  }
  return low
}

/** The cursor after an event's number, opaque to whoever follows. */
export function cursorOf(tenant: string, number: number): string {
  return encodePageToken(['feed', tenant], [number])
}

/** The number that a cursor stands for. Throws `invalid-query` for one that is not this tenant's. */
export function numberOf(tenant: string, cursor: string): number {
  try {
    const position = decodePageToken(['feed', tenant], cursor, [0] as [number])
    const number = position?.[0]
    if (number !== undefined && Number.isSafeInteger(number) && number >= 0) return number
  } catch (error) {
    if (!(error instanceof VaultError)) throw error
  }
  throw new VaultError('invalid-query', 'There is no such place in the feed', {
    field: 'after',
    allowed: CURSOR_ALLOWED,
  })
}
