import { deletePermit } from '../../../shared/use-cases/permits/manage-permits.ts'
import { defineRoute } from '../../route.ts'
import { connectionIdPath, errorResponses, GUARDED } from '../common-schemas.ts'
import type { ApiPorts } from '../ports.ts'

/** Takes a permit back. */
export const deletePermitRoute = defineRoute({
  name: 'delete-permit',
  method: 'DELETE',
  path: '/api/v2/flows/vault/permits/{id}',
  function: 'api',
  scopes: ['delete:flows_vault_permits'],
  tag: 'Permits',
  summary: 'Delete a permit',
  description: 'With its last permit a client is narrowed no more: it has what its scopes give.',
  pathSchema: connectionIdPath,
  responses: { 204: { description: 'Deleted.' }, ...errorResponses(...GUARDED, 404) },
  async handle({ path, caller }, ports: ApiPorts) {
    await deletePermit(ports, caller.tenant, path.id)
    return { status: 204 }
  },
})
