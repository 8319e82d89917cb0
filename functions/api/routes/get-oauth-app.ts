import { getOauthApplication } from '../../../shared/use-cases/oauth-applications/manage-oauth-applications.ts'
import { defineRoute } from '../../route.ts'
import { connectionIdPath, errorResponses, GUARDED } from '../common-schemas.ts'
import { oauthApplicationSchema, oauthApplicationView } from '../oauth-application-view.ts'
import type { ApiPorts } from '../ports.ts'

/** One OAuth application. */
export const getOauthAppRoute = defineRoute({
  name: 'get-oauth-app',
  method: 'GET',
  path: '/api/v2/flows/vault/oauth-apps/{id}',
  function: 'api',
  scopes: ['read:flows_vault_oauth_apps'],
  tag: 'OAuth applications',
  summary: 'Get an OAuth application',
  pathSchema: connectionIdPath,
  responses: {
    200: { description: 'The application.', schema: oauthApplicationSchema },
    ...errorResponses(...GUARDED, 404),
  },
  async handle({ path, caller }, ports: ApiPorts) {
    const application = await getOauthApplication(ports, caller.tenant, path.id)
    return { status: 200, body: oauthApplicationView(application, ports) }
  },
})
