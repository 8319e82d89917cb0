import { deleteOauthApplication } from '../../../shared/use-cases/oauth-applications/manage-oauth-applications.ts'
import { defineRoute } from '../../route.ts'
import { connectionIdPath, errorResponses, GUARDED } from '../common-schemas.ts'
import type { ApiPorts } from '../ports.ts'

/** Deletes an OAuth application that no connection uses. */
export const deleteOauthAppRoute = defineRoute({
  name: 'delete-oauth-app',
  method: 'DELETE',
  path: '/api/v2/flows/vault/oauth-apps/{id}',
  function: 'api',
  scopes: ['delete:flows_vault_oauth_apps'],
  tag: 'OAuth applications',
  summary: 'Delete an OAuth application',
  description: 'While connections use it, 409 names them, and nothing is deleted.',
  pathSchema: connectionIdPath,
  responses: { 204: { description: 'Deleted.' }, ...errorResponses(...GUARDED, 404, 409) },
  async handle({ path, caller }, ports: ApiPorts) {
    await deleteOauthApplication(ports, caller.tenant, path.id)
    return { status: 204 }
  },
})
