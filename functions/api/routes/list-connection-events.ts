import * as z from 'zod/mini'
import { CHANGE_EVENT_TYPES } from '../../../shared/domain/change-event.ts'
import { listConnectionEvents } from '../../../shared/use-cases/connections/list-connection-events.ts'
import { defineRoute } from '../../route.ts'
import { connectionIdPath, errorResponses, GUARDED, queryInteger } from '../common-schemas.ts'
import type { ApiPorts } from '../ports.ts'

const MAX_SEQUENCE = 999_999_999
const MAX_PER_PAGE = 100
const DEFAULT_PER_PAGE = 50

const eventSchema = z.object({
  id: z.string(),
  type: z.enum(CHANGE_EVENT_TYPES),
  tenant: z.string(),
  connection_id: z.string(),
  app_id: z.string(),
  version: z.int(),
  credential_version: z.int(),
  sequence: z.int(),
  occurred_at: z.string(),
  changed: z.array(z.string()),
})

/** What happened to a connection, oldest first; ids and numbers only. */
export const listConnectionEventsRoute = defineRoute({
  name: 'list-connection-events',
  method: 'GET',
  path: '/api/v2/flows/vault/connections/{id}/events',
  function: 'api',
  scopes: ['read:flows_vault_events'],
  tag: 'Events',
  summary: 'List what happened to a connection',
  description: 'Ascending by `sequence`, kept for 30 days, also after the connection was deleted.',
  pathSchema: connectionIdPath,
  querySchema: z.strictObject({
    after: z.optional(queryInteger({ minimum: 0, maximum: MAX_SEQUENCE })),
    per_page: z.optional(queryInteger({ minimum: 1, maximum: MAX_PER_PAGE })),
  }),
  responses: {
    200: { description: 'The events after that sequence number.', schema: z.array(eventSchema) },
    ...errorResponses(...GUARDED, 404),
  },
  async handle({ path, query, caller }, ports: ApiPorts) {
    const events = await listConnectionEvents(ports, {
      tenant: caller.tenant,
      id: path.id,
      after: query.after ?? 0,
      limit: query.per_page ?? DEFAULT_PER_PAGE,
    })
    return { status: 200, body: events }
  },
})
