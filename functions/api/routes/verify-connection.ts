import * as z from 'zod/mini'
import { verifyConnection } from '../../../shared/use-cases/connections/verify-connection.ts'
import { defineRoute } from '../../route.ts'
import { connectionIdPath, errorResponses, GUARDED } from '../common-schemas.ts'
import type { ApiPorts } from '../ports.ts'

/** Proves that a credential works, by the connector's harmless test call or by renewing it. */
export const verifyConnectionRoute = defineRoute({
  name: 'verify-connection',
  method: 'POST',
  path: '/api/v2/flows/vault/connections/{id}/verify',
  function: 'api',
  scopes: ['update:flows_vault_connections'],
  tag: 'Credentials',
  summary: 'Prove that a credential works',
  description: 'A frozen connection is not tried: 409.',
  pathSchema: connectionIdPath,
  responses: {
    200: {
      description:
        '`accepted`, `refused` by the provider, `unreachable`, or `untested` when the app has no harmless call.',
      schema: z.object({
        result: z.enum(['accepted', 'refused', 'unreachable', 'untested']),
        message: z.optional(z.string()),
      }),
    },
    ...errorResponses(...GUARDED, 404, 409),
  },
  async handle({ path, caller }, ports: ApiPorts) {
    return { status: 200, body: await verifyConnection(ports, { tenant: caller.tenant, id: path.id }) }
  },
})
