import * as z from 'zod/mini'
import { EVENT_TYPES } from '../../../shared/domain/change-event.ts'
import { VaultError } from '../../../shared/domain/errors.ts'
import { toldEvent } from '../../../shared/domain/event-words.ts'
import { MAX_ID_LENGTH } from '../../../shared/domain/ids.ts'
import {
  type FeedFilter,
  type FeedPage,
  readFeed,
  readFeedBackwards,
} from '../../../shared/use-cases/events/read-feed.ts'
import { defineRoute } from '../../route.ts'
import { errorResponses, GUARDED, queryInteger } from '../common-schemas.ts'
import { eventSchema } from '../event-view.ts'
import type { ApiPorts } from '../ports.ts'

const MAX_LIMIT = 100
const DEFAULT_LIMIT = 50
/** Design: a long poll ends before any proxy's idle limit, 60 s with most. */
const MAX_WAIT_SECONDS = 20
/** A follower that cannot wait in a request asks this often; ten of them are two requests a second. */
const POLL_AFTER_SECONDS = 5
const MAX_CURSOR_LENGTH = 500
/** As long as a client's id may be at any issuer. */
const MAX_ACTOR_LENGTH = 255

interface FeedQuery {
  readonly tenant: string
  readonly after: string | undefined
  readonly limit: number
}

/** The tenant's feed: every change of every connection, in the order of publishing. */
export const listEventsRoute = defineRoute({
  name: 'list-events',
  method: 'GET',
  path: '/api/v2/flows/vault/events',
  function: 'api',
  scopes: ['read:flows_vault_events'],
  tag: 'Events',
  summary: 'Follow what happens in the vault',
  description:
    'Oldest first. Pass the `after` of an answer to get what came since; a late commit is never skipped. Start with `after=latest` to see only what comes, with an instant (ISO 8601) to see what came since, or without it from the oldest that is kept (30 days); a place older than that is answered with 410. With `wait` the request is held until something comes (embedded; elsewhere it answers at once and `poll_after` says when to ask again). `order=desc` pages back from the newest; with it `type`, `connection_id` and `actor` narrow, and a page looks at a thousand events at most: it may have fewer than its limit, or none, and `more`.',
  querySchema: z.strictObject({
    after: z.optional(z.string().check(z.minLength(1), z.maxLength(MAX_CURSOR_LENGTH))),
    limit: z.optional(queryInteger({ minimum: 1, maximum: MAX_LIMIT })),
    wait: z.optional(queryInteger({ minimum: 0, maximum: MAX_WAIT_SECONDS })),
    order: z.optional(z.enum(['asc', 'desc'])),
    type: z.optional(z.enum(EVENT_TYPES)),
    connection_id: z.optional(z.string().check(z.maxLength(MAX_ID_LENGTH))),
    actor: z.optional(z.string().check(z.maxLength(MAX_ACTOR_LENGTH))),
  }),
  responses: {
    200: {
      description: 'A page of the feed, the cursor after it, and in how many seconds to ask again.',
      schema: z.object({
        events: z.array(eventSchema),
        after: z.string(),
        more: z.boolean(),
        poll_after: z.int(),
      }),
    },
    ...errorResponses(...GUARDED, 410),
  },
  async handle({ query, caller }, ports: ApiPorts) {
    const { order = 'asc', after, limit = DEFAULT_LIMIT, wait = 0 } = query
    const input = { tenant: caller.tenant, after, limit }
    const { type, connection_id: connectionId, actor } = query
    const filter = { type, connectionId, actor }
    if (order === 'desc') return { status: 200, body: await newestFirst(ports, input, { wait, filter }) }
    refuseFiltered(query)
    const { page, isHeld } =
      wait > 0
        ? await waitedFor(ports, input, wait * 1000)
        : { page: await readFeed(ports, input), isHeld: false }
    return { status: 200, body: bodyOf(page, isHeld || page.more ? 0 : POLL_AFTER_SECONDS) }
  },
})

/** Who follows the feed misses nothing by what it leaves out, and a place in it would say too little. */
function refuseFiltered(query: Readonly<Record<string, unknown>>): void {
  const field = ['type', 'connection_id', 'actor'].find((name) => query[name] !== undefined)
  if (field === undefined) return
  throw new VaultError('invalid-query', 'Only the descending feed can be narrowed', {
    field,
    allowed: `${field} with order=desc`,
  })
}

async function newestFirst(
  ports: ApiPorts,
  { tenant, after, limit }: FeedQuery,
  { wait, filter }: { wait: number; filter: FeedFilter },
) {
  if (wait > 0) {
    throw new VaultError('invalid-query', 'Only the ascending feed can be waited for', {
      field: 'wait',
      allowed: 'wait with order=asc',
    })
  }
  const page = await readFeedBackwards(ports, { tenant, before: after, limit, filter })
  return bodyOf(page, POLL_AFTER_SECONDS)
}

/**
 * The page once it has something, or as it is when the time is up. A store that cannot be waited on, and a tenant of
 * whom too many wait, is asked once: then nobody was held, and has to pause before the next question.
 */
async function waitedFor(
  ports: ApiPorts,
  input: FeedQuery,
  ms: number,
): Promise<{ page: FeedPage; isHeld: boolean }> {
  let page = await readFeed(ports, input)
  if (page.events.length > 0) return { page, isHeld: ports.feedWaits !== undefined }
  const isHeld = await ports.feedWaits?.until(input.tenant, ms, async () => {
    page = await readFeed(ports, { ...input, after: page.after })
    return page.events.length > 0
  })
  return { page, isHeld: isHeld ?? false }
}

function bodyOf(page: FeedPage, pollAfter: number) {
  return { events: page.events.map(toldEvent), after: page.after, more: page.more, poll_after: pollAfter }
}
