import * as z from 'zod/mini'
import { errorsOfApplicationSetup } from '../../../shared/use-cases/oauth-applications/application-setup.ts'
import {
  getOauthApplication,
  updateOauthApplication,
} from '../../../shared/use-cases/oauth-applications/manage-oauth-applications.ts'
import { defineRoute } from '../../route.ts'
import { connectionIdPath, errorResponses, GUARDED } from '../common-schemas.ts'
import { clientOf, describeApplicationBody, oauthClientText } from '../oauth-application-body.ts'
import { oauthApplicationSchema, oauthApplicationView } from '../oauth-application-view.ts'
import type { ApiPorts } from '../ports.ts'
import { setupBodySchema } from '../setup-body.ts'
import { oauthAppName } from './create-oauth-app.ts'

/** Changes an OAuth application; a new secret lifts the stop of connections whose client was refused. */
export const updateOauthAppRoute = defineRoute({
  name: 'update-oauth-app',
  method: 'PATCH',
  path: '/api/v2/flows/vault/oauth-apps/{id}',
  function: 'api',
  scopes: ['update:flows_vault_oauth_apps'],
  tag: 'OAuth applications',
  summary: 'Update an OAuth application',
  description:
    'For seven days after a new `client_secret` the one before is tried where the provider refuses the new one (`previous_secret_until`). A new `setup` replaces the whole old one. While connections use it, client id, addresses and provider stay as they are: 409 names who uses it.',
  pathSchema: connectionIdPath,
  bodySchema: z.strictObject({
    name: z.optional(oauthAppName()),
    client_id: z.optional(oauthClientText()),
    client_secret: z.optional(oauthClientText()),
    is_default: z.optional(z.boolean()),
    setup: z.optional(setupBodySchema),
  }),
  describeBody: () => describeApplicationBody([]),
  async errorsBeside({ path, body, caller }, ports: ApiPorts) {
    const { appId } = await getOauthApplication(ports, caller.tenant, path.id)
    return errorsOfApplicationSetup(ports, appId, body['setup'])
  },
  responses: {
    200: { description: 'The application as it is now.', schema: oauthApplicationSchema },
    ...errorResponses(...GUARDED, 404, 409, 413, 415),
  },
  async handle({ path, body, caller }, ports: ApiPorts) {
    const { trimmed, ...client } = clientOf(body)
    const application = await updateOauthApplication(ports, {
      tenant: caller.tenant,
      id: path.id,
      name: body.name,
      ...client,
      isDefault: body.is_default,
      setup: body.setup,
    })
    return { status: 200, body: oauthApplicationView(application, ports, trimmed) }
  },
})
