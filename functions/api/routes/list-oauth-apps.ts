import * as z from 'zod/mini'
import { listOauthApplications } from '../../../shared/use-cases/oauth-applications/manage-oauth-applications.ts'
import { defineRoute } from '../../route.ts'
import { errorResponses, GUARDED } from '../common-schemas.ts'
import { oauthApplicationSchema, oauthApplicationView } from '../oauth-application-view.ts'
import type { ApiPorts } from '../ports.ts'

/** The tenant's OAuth applications. */
export const listOauthAppsRoute = defineRoute({
  name: 'list-oauth-apps',
  method: 'GET',
  path: '/api/v2/flows/vault/oauth-apps',
  function: 'api',
  scopes: ['read:flows_vault_oauth_apps'],
  tag: 'OAuth applications',
  summary: 'List OAuth applications',
  responses: {
    200: { description: 'In the order of creation.', schema: z.array(oauthApplicationSchema) },
    ...errorResponses(...GUARDED),
  },
  async handle({ caller }, ports: ApiPorts) {
    const applications = await listOauthApplications(ports, caller.tenant)
    return { status: 200, body: applications.map((item) => oauthApplicationView(item, ports)) }
  },
})
