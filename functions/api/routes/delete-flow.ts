import { deleteFlow } from '../../../shared/use-cases/usage/flows.ts'
import { defineRoute } from '../../route.ts'
import { errorResponses, GUARDED } from '../common-schemas.ts'
import { flowPath } from '../flow-view.ts'
import type { ApiPorts } from '../ports.ts'

/** Says that a flow no longer uses a connection. */
export const deleteFlowRoute = defineRoute({
  name: 'delete-flow',
  method: 'DELETE',
  path: '/api/v2/flows/vault/connections/{id}/flows/{flow_id}',
  function: 'api',
  scopes: ['update:flows_vault_connections'],
  tag: 'Where used',
  summary: 'Say that a flow no longer uses a connection',
  pathSchema: flowPath,
  responses: { 204: { description: 'Taken out.' }, ...errorResponses(...GUARDED, 404) },
  async handle({ path, caller }, ports: ApiPorts) {
    await deleteFlow(ports, { tenant: caller.tenant, connectionId: path.id }, path.flow_id)
    return { status: 204 }
  },
})
