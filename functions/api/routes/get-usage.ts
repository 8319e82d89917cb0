import * as z from 'zod/mini'
import { readUsage } from '../../../shared/use-cases/usage/usage-rollup.ts'
import { defineRoute } from '../../route.ts'
import { connectionIdPath, errorResponses, GUARDED } from '../common-schemas.ts'
import type { ApiPorts } from '../ports.ts'

/** Who fetched a connection, how often, and when last. */
export const getUsageRoute = defineRoute({
  name: 'get-usage',
  method: 'GET',
  path: '/api/v2/flows/vault/connections/{id}/usage',
  function: 'api',
  scopes: ['read:flows_vault_events'],
  tag: 'Where used',
  summary: 'See who fetched a connection, and when',
  description:
    'Counted by client until 30 days after its last fetch; written down once a minute, so a minute behind.',
  pathSchema: connectionIdPath,
  responses: {
    200: {
      description: 'The last fetch of all, and each client’s, the last one first.',
      schema: z.object({
        last_used_at: z.nullable(z.string()),
        clients: z.array(z.object({ client: z.string(), count: z.int(), last_used_at: z.string() })),
      }),
    },
    ...errorResponses(...GUARDED, 404),
  },
  async handle({ path, caller }, ports: ApiPorts) {
    const used = await readUsage(ports, { tenant: caller.tenant, connectionId: path.id })
    const clients = used.map(({ client, count, lastAtMs }) => ({
      client,
      count,
      last_used_at: new Date(lastAtMs).toISOString(),
    }))
    return { status: 200, body: { last_used_at: clients[0]?.last_used_at ?? null, clients } }
  },
})
