import { getFreeze } from '../../../shared/use-cases/freezes/manage-freezes.ts'
import { defineRoute } from '../../route.ts'
import { connectionIdPath, errorResponses, GUARDED } from '../common-schemas.ts'
import { freezeSchema, freezeView } from '../freeze-view.ts'
import type { ApiPorts } from '../ports.ts'

/** One freeze, with the progress of its revocation. */
export const getFreezeRoute = defineRoute({
  name: 'get-freeze',
  method: 'GET',
  path: '/api/v2/flows/vault/freezes/{id}',
  function: 'api',
  scopes: ['create:flows_vault_freezes', 'delete:flows_vault_freezes', 'read:flows_vault_connections'],
  tag: 'Freezes',
  summary: 'Get a freeze',
  pathSchema: connectionIdPath,
  responses: {
    200: { description: 'The freeze.', schema: freezeSchema },
    ...errorResponses(...GUARDED, 404),
  },
  async handle({ path, caller }, ports: ApiPorts) {
    return { status: 200, body: freezeView(await getFreeze(ports, caller.tenant, path.id)) }
  },
})
