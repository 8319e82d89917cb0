import * as z from 'zod/mini'
import { readUsage, type Used } from '../../../shared/use-cases/usage/usage-rollup.ts'
import { defineRoute } from '../../route.ts'
import { connectionIdPath, errorResponses, GUARDED } from '../common-schemas.ts'
import type { ApiPorts } from '../ports.ts'

const USED = { count: z.int(), last_used_at: z.string() }

function usedView({ count, lastAtMs }: Used): { count: number; last_used_at: string } {
  return { count, last_used_at: new Date(lastAtMs).toISOString() }
}

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
    'Counted by client, and by the flows that name themselves (`X-Flow-Id`), until 30 days after the last fetch; written down once a minute, so a minute behind.',
  pathSchema: connectionIdPath,
  responses: {
    200: {
      description: 'The last fetch of all, and each client’s and flow’s, the last one first.',
      schema: z.object({
        last_used_at: z.nullable(z.string()),
        clients: z.array(z.object({ client: z.string(), ...USED })),
        flows: z.array(z.object({ flow: z.string(), client: z.string(), ...USED })),
      }),
    },
    ...errorResponses(...GUARDED, 404),
  },
  async handle({ path, caller }, ports: ApiPorts) {
    const used = await readUsage(ports, { tenant: caller.tenant, connectionId: path.id })
    const clients = used.clients.map(({ client, ...each }) => ({ client, ...usedView(each) }))
    const flows = used.flows.map(({ client, flow, ...each }) => ({ flow, client, ...usedView(each) }))
    return { status: 200, body: { last_used_at: clients[0]?.last_used_at ?? null, clients, flows } }
  },
})
