import * as z from 'zod/mini'
import { APP_IDS } from '../../../shared/connectors/catalogue.ts'
import { errorsOfApplicationSetup } from '../../../shared/use-cases/oauth-applications/application-setup.ts'
import { createOauthApplication } from '../../../shared/use-cases/oauth-applications/manage-oauth-applications.ts'
import { defineRoute } from '../../route.ts'
import { errorResponses, GUARDED, textOfLength } from '../common-schemas.ts'
import { clientOf, describeApplicationBody, oauthClientText } from '../oauth-application-body.ts'
import { oauthApplicationSchema, oauthApplicationView } from '../oauth-application-view.ts'
import type { ApiPorts } from '../ports.ts'
import { setupBodySchema } from '../setup-body.ts'

const MAX_NAME_LENGTH = 150

/** What people call an OAuth application, as long as a connection's name. */
export const oauthAppName = () => textOfLength({ minimum: 1, maximum: MAX_NAME_LENGTH })

/** Registers the operator's OAuth client of a code app. */
export const createOauthAppRoute = defineRoute({
  name: 'create-oauth-app',
  method: 'POST',
  path: '/api/v2/flows/vault/oauth-apps',
  function: 'api',
  scopes: ['create:flows_vault_oauth_apps'],
  tag: 'OAuth applications',
  summary: 'Add an OAuth application',
  description:
    'The client id and secret you got from the provider. Blanks at their ends, which come with pasting, are left out, and `notes` of the answer says so. Register `callback_url` of the answer there. A provider that asks for that first gets an application made with `app_id` and `name` alone; it is `ready` once a PATCH has brought the rest. The first of an app is its default. Applications of `OAUTH2` hold in `setup` what their connections share: a `provider` by its name or the URLs, client authentication, scope separator, parameters. Their connections name them by `oauth_app_id` in the setup, in place of all that.',
  bodySchema: z.strictObject({
    app_id: z.enum(APP_IDS as [string, ...string[]]),
    name: oauthAppName(),
    client_id: z.optional(oauthClientText()),
    client_secret: z.optional(oauthClientText()),
    is_default: z.optional(z.boolean()),
    setup: z.optional(setupBodySchema),
  }),
  describeBody: () => describeApplicationBody(['app_id', 'name']),
  errorsBeside: async ({ body }, ports: ApiPorts) =>
    errorsOfApplicationSetup(ports, body['app_id'], body['setup']),
  responses: {
    201: { description: 'The application. Its secret is never shown again.', schema: oauthApplicationSchema },
    ...errorResponses(...GUARDED, 409, 413, 415),
  },
  async handle({ body, caller }, ports: ApiPorts) {
    const { trimmed, ...client } = clientOf(body)
    const application = await createOauthApplication(ports, {
      tenant: caller.tenant,
      appId: body.app_id,
      name: body.name,
      ...client,
      isDefault: body.is_default,
      setup: body.setup,
    })
    return { status: 201, body: oauthApplicationView(application, ports, trimmed) }
  },
})
