import * as z from 'zod/mini'
import { APP_IDS } from '../../../shared/connectors/catalogue.ts'
import { CONNECTION_STATUSES, type ConnectionStatus } from '../../../shared/domain/connection.ts'
import { listConnections } from '../../../shared/use-cases/connections/list-connections.ts'
import { defineRoute } from '../../route.ts'
import { errorResponses, GUARDED, queryFlag, queryInteger } from '../common-schemas.ts'
import { connectionView, fullConnectionView, shownConnectionSchema } from '../connection-view.ts'
import type { ApiPorts } from '../ports.ts'

/** Auth0: pages 0 to 1000, of 1 to 100 items, 50 when not told. */
const MAX_PAGE = 1000
const MAX_PER_PAGE = 100
const DEFAULT_PER_PAGE = 50
const MAX_Q_LENGTH = 150

/** Lists the tenant's connections, page by page. */
export const listConnectionsRoute = defineRoute({
  name: 'list-connections',
  method: 'GET',
  path: '/api/v2/flows/vault/connections',
  function: 'api',
  scopes: ['read:flows_vault_connections'],
  tag: 'Connections',
  summary: 'List connections',
  description:
    'In the order of creation. A page past the end is empty. A bare array, or with `include_totals=true` an object with the total.',
  querySchema: z.strictObject({
    page: z.optional(queryInteger({ minimum: 0, maximum: MAX_PAGE })),
    per_page: z.optional(queryInteger({ minimum: 1, maximum: MAX_PER_PAGE })),
    include_totals: z.optional(queryFlag()),
    view: z.optional(z.enum(['basic', 'full'])),
    app_id: z.optional(z.enum(APP_IDS as [string, ...string[]])),
    status: z.optional(z.enum(CONNECTION_STATUSES as [string, ...string[]])),
    q: z.optional(z.string().check(z.minLength(1), z.maxLength(MAX_Q_LENGTH))),
  }),
  responses: {
    200: {
      description: 'The page.',
      schema: z.union([
        z.array(shownConnectionSchema),
        z.object({
          start: z.int(),
          limit: z.int(),
          total: z.int(),
          connections: z.array(shownConnectionSchema),
        }),
      ]),
    },
    ...errorResponses(...GUARDED),
  },
  async handle({ query, caller }, ports: ApiPorts) {
    const page = query.page ?? 0
    const perPage = query.per_page ?? DEFAULT_PER_PAGE
    const list = await listConnections(ports, {
      tenant: caller.tenant,
      page,
      perPage,
      includeTotals: query.include_totals === true,
      appId: query.app_id,
      status: query.status as ConnectionStatus | undefined,
      q: query.q,
    })
    const view = query.view === 'full' ? fullConnectionView : connectionView
    const connections = list.rows.map((row) => view(row, 'read'))
    if (list.total === undefined) return { status: 200, body: connections }
    return { status: 200, body: { start: page * perPage, limit: perPage, total: list.total, connections } }
  },
})
