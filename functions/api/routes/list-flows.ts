import * as z from 'zod/mini'
import { listFlows } from '../../../shared/use-cases/usage/flows.ts'
import { defineRoute } from '../../route.ts'
import { connectionIdPath, errorResponses, GUARDED } from '../common-schemas.ts'
import { flowSchema, flowView } from '../flow-view.ts'
import type { ApiPorts } from '../ports.ts'

/** Which flows use a connection. */
export const listFlowsRoute = defineRoute({
  name: 'list-flows',
  method: 'GET',
  path: '/api/v2/flows/vault/connections/{id}/flows',
  function: 'api',
  scopes: ['read:flows_vault_connections'],
  tag: 'Where used',
  summary: 'List the flows that use a connection',
  pathSchema: connectionIdPath,
  responses: {
    200: { description: 'By their ids.', schema: z.array(flowSchema) },
    ...errorResponses(...GUARDED, 404),
  },
  async handle({ path, caller }, ports: ApiPorts) {
    const flows = await listFlows(ports, { tenant: caller.tenant, connectionId: path.id })
    return { status: 200, body: flows.map(flowView) }
  },
})
