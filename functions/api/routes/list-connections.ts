import * as z from 'zod/mini'
import { CONNECTION_SORTS } from '../../../shared/use-cases/connections/browse-connections.ts'
import { listConnections } from '../../../shared/use-cases/connections/list-connections.ts'
import { defineRoute } from '../../route.ts'
import { errorResponses, GUARDED, queryFlag, queryInteger } from '../common-schemas.ts'
import { connectionFilter, connectionFilterQuery } from '../connection-filter.ts'
import { shownConnectionSchema } from '../connection-view.ts'
import { runLongRead } from '../long-reads.ts'
import type { ApiPorts } from '../ports.ts'
import { showConnections } from '../shown-connection.ts'

/** Auth0: pages 0 to 1000, of 1 to 100 items, 50 when not told. */
const MAX_PAGE = 1000
const MAX_PER_PAGE = 100
const DEFAULT_PER_PAGE = 50

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
    'In the order of creation, or sorted. `app_id` and `status` take several values with commas between. A page past the end is empty. A bare array, or with `include_totals=true` an object with the total.',
  querySchema: z.strictObject({
    page: z.optional(queryInteger({ minimum: 0, maximum: MAX_PAGE })),
    per_page: z.optional(queryInteger({ minimum: 1, maximum: MAX_PER_PAGE })),
    include_totals: z.optional(queryFlag()),
    view: z.optional(z.enum(['basic', 'full'])),
    sort: z.optional(z.enum(CONNECTION_SORTS)),
    ...connectionFilterQuery,
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
    const filter = connectionFilter(query)
    const input = {
      tenant: caller.tenant,
      page,
      perPage,
      includeTotals: query.include_totals === true,
      filter,
      ...(query.sort === undefined ? {} : { sort: query.sort }),
    }
    const read = () => listConnections(ports, input)
    // Filtered or sorted it reads all of the tenant's rows.
    const isLong = query.sort !== undefined || Object.values(filter).some((value) => value !== undefined)
    const list = await (isLong ? runLongRead(ports, caller.tenant, read) : read())
    const connections = await showConnections(ports, list.found, query.view)
    if (list.total === undefined) return { status: 200, body: connections }
    return { status: 200, body: { start: page * perPage, limit: perPage, total: list.total, connections } }
  },
})
