import { liftFreeze } from '../../../shared/use-cases/freezes/manage-freezes.ts'
import { defineRoute } from '../../route.ts'
import { connectionIdPath, errorResponses, GUARDED } from '../common-schemas.ts'
import type { ApiPorts } from '../ports.ts'

/** Lifts a freeze; what was revoked stays revoked. */
export const deleteFreezeRoute = defineRoute({
  name: 'delete-freeze',
  method: 'DELETE',
  path: '/api/v2/flows/vault/freezes/{id}',
  function: 'api',
  scopes: ['delete:flows_vault_freezes'],
  tag: 'Freezes',
  summary: 'Lift a freeze',
  pathSchema: connectionIdPath,
  responses: { 204: { description: 'Lifted.' }, ...errorResponses(...GUARDED, 404) },
  async handle({ path, caller }, ports: ApiPorts) {
    await liftFreeze(ports, caller.tenant, path.id)
    return { status: 204 }
  },
})
