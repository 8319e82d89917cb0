import * as z from 'zod/mini'
import { startAuthorization } from '../../../shared/use-cases/authorize/start-authorization.ts'
import { getConnection } from '../../../shared/use-cases/commit/connection-rows.ts'

import { defineRoute } from '../../route.ts'
import { connectionIdPath, errorResponses, GUARDED, textOfLength } from '../common-schemas.ts'
import type { ApiPorts } from '../ports.ts'

/** RFC 6749 §3.3: visible ASCII without quote and backslash; a hundred are more than any provider knows. */
const scopeText = () => z.string().check(z.maxLength(255), z.regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/))
const MAX_SCOPES = 100
const MAX_RETURN_TO_LENGTH = 2048
/** As long as an account is kept. */
const MAX_ACCOUNT_LENGTH = 255

/** Starts the authorization of a connection in a browser. */
export const authorizeConnectionRoute = defineRoute({
  name: 'authorize-connection',
  method: 'POST',
  path: '/api/v2/flows/vault/connections/{id}/authorize',
  function: 'api',
  scopes: ['update:flows_vault_connections'],
  tag: 'Authorization',
  summary: 'Start an authorization',
  description:
    'Open `authorization_url` in a browser within ten minutes, and go on to the provider from there; register `callback_url` at the provider beforehand. Authorizing again keeps the id: flows go on. Afterwards the browser goes to `return_to`, or ends on a page of the vault; `authorization_id` tells how it went. `expected_account` (an id or an address) refuses everybody else; a connection whose account is known is given another only with `switch_account`.',
  pathSchema: connectionIdPath,
  bodySchema: z.strictObject({
    scopes: z.optional(z.array(scopeText()).check(z.maxLength(MAX_SCOPES))),
    return_to: z.optional(z.string().check(z.minLength(1), z.maxLength(MAX_RETURN_TO_LENGTH))),
    oauth_app_id: z.optional(z.string().check(z.maxLength(30))),
    expected_account: z.optional(textOfLength({ minimum: 1, maximum: MAX_ACCOUNT_LENGTH })),
    switch_account: z.optional(z.boolean()),
  }),
  bodyOptional: true,
  responses: {
    200: {
      description: 'Where to send the browser.',
      schema: z.object({
        authorization_id: z.string(),
        authorization_url: z.string(),
        callback_url: z.string(),
        expires_at: z.string(),
      }),
    },
    ...errorResponses(...GUARDED, 404, 409, 413, 415),
  },
  async handle({ path, body, caller }, ports: ApiPorts) {
    const row = await getConnection(ports, caller.tenant, path.id)
    const started = await startAuthorization(ports, {
      tenant: caller.tenant,
      row,
      scopes: body.scopes,
      returnTo: body.return_to,
      oauthAppId: body.oauth_app_id,
      expectedAccount: body.expected_account,
      switchAccount: body.switch_account,
    })
    return {
      status: 200,
      body: {
        authorization_id: started.id,
        authorization_url: started.authorizationUrl,
        callback_url: started.callbackUrl,
        expires_at: new Date(started.expiresAtMs).toISOString(),
      },
    }
  },
})
