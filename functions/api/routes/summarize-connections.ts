import * as z from 'zod/mini'
import { summarizeConnections } from '../../../shared/use-cases/connections/list-connections.ts'
import { defineRoute } from '../../route.ts'
import { errorResponses, GUARDED } from '../common-schemas.ts'
import { connectionFilter, connectionFilterQuery } from '../connection-filter.ts'
import { runLongRead } from '../long-reads.ts'
import type { ApiPorts } from '../ports.ts'

/** Counts the connections that fit, under the same filters as the list. */
export const summarizeConnectionsRoute = defineRoute({
  name: 'summarize-connections',
  method: 'GET',
  path: '/api/v2/flows/vault/connections/summary',
  function: 'api',
  scopes: ['read:flows_vault_connections'],
  tag: 'Connections',
  summary: 'Count connections by state and app',
  description:
    'Under the same filters as the list. `by_app` is in the order of `sort=app`; `first_needing` names some of those that wait for somebody.',
  querySchema: z.strictObject(connectionFilterQuery),
  responses: {
    200: {
      description: 'The counts.',
      schema: z.object({
        total: z.int(),
        needs_person: z.int(),
        by_status: z.record(z.string(), z.int()),
        by_app: z.array(z.object({ app_id: z.string(), count: z.int() })),
        first_needing: z.array(z.object({ id: z.string(), name: z.string(), app_id: z.string() })),
      }),
    },
    ...errorResponses(...GUARDED),
  },
  async handle({ query, caller }, ports: ApiPorts) {
    const { tenant } = caller
    const filter = connectionFilter(query)
    const counted = await runLongRead(ports, tenant, () => summarizeConnections(ports, { tenant, filter }))
    return {
      status: 200,
      body: {
        total: counted.total,
        needs_person: counted.needsPerson,
        by_status: Object.fromEntries(counted.byStatus),
        by_app: [...counted.byApp].map(([app_id, count]) => ({ app_id, count })),
        first_needing: counted.firstNeeding.map(({ id, name, appId }) => ({ id, name, app_id: appId })),
      },
    }
  },
})
