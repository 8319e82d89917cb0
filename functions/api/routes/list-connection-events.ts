import * as z from 'zod/mini'
import { VaultError } from '../../../shared/domain/errors.ts'
import { toldEvent } from '../../../shared/domain/event-words.ts'
import { listConnectionEvents } from '../../../shared/use-cases/connections/list-connection-events.ts'
import { defineRoute } from '../../route.ts'
import { connectionIdPath, errorResponses, GUARDED, queryInteger } from '../common-schemas.ts'
import { changeEventSchema } from '../event-view.ts'
import type { ApiPorts } from '../ports.ts'

const MAX_SEQUENCE = 999_999_999
const MAX_PER_PAGE = 100
const DEFAULT_PER_PAGE = 50

/** What happened to a connection, in either order; ids and numbers only, and a sentence made of them. */
export const listConnectionEventsRoute = defineRoute({
  name: 'list-connection-events',
  method: 'GET',
  path: '/api/v2/flows/vault/connections/{id}/events',
  function: 'api',
  scopes: ['read:flows_vault_events'],
  tag: 'Events',
  summary: 'List what happened to a connection',
  description:
    'Ascending by `sequence`, or newest first with `order=desc`; kept for 30 days, also after the connection was deleted. The next page begins `after` the last `sequence` of an ascending page, and `before` that of a descending one.',
  pathSchema: connectionIdPath,
  querySchema: z.strictObject({
    after: z.optional(queryInteger({ minimum: 0, maximum: MAX_SEQUENCE })),
    before: z.optional(queryInteger({ minimum: 1, maximum: MAX_SEQUENCE })),
    order: z.optional(z.enum(['asc', 'desc'])),
    per_page: z.optional(queryInteger({ minimum: 1, maximum: MAX_PER_PAGE })),
  }),
  responses: {
    200: { description: 'The events of the page.', schema: z.array(changeEventSchema) },
    ...errorResponses(...GUARDED, 404),
  },
  async handle({ path, query, caller }, ports: ApiPorts) {
    const order = query.order ?? 'asc'
    refuseOther(order, query)
    const events = await listConnectionEvents(ports, {
      tenant: caller.tenant,
      id: path.id,
      order,
      from: order === 'asc' ? (query.after ?? 0) : query.before,
      limit: query.per_page ?? DEFAULT_PER_PAGE,
    })
    return { status: 200, body: events.map(toldEvent) }
  },
})

function refuseOther(order: 'asc' | 'desc', query: { after?: unknown; before?: unknown }): void {
  const [other, own] = order === 'asc' ? (['before', 'after'] as const) : (['after', 'before'] as const)
  if (query[other] === undefined) return
  throw new VaultError('invalid-query', `It goes with the other order, not with order=${order}`, {
    field: other,
    allowed: `${own} with order=${order}`,
  })
}
