import * as z from 'zod/mini'
import { rotateNow } from '../../../shared/use-cases/connections/rotate-now.ts'
import { defineRoute } from '../../route.ts'
import { connectionIdPath, errorResponses, GUARDED } from '../common-schemas.ts'
import { fullConnectionSchema } from '../connection-view.ts'
import type { ApiPorts } from '../ports.ts'
import { showConnection } from '../shown-connection.ts'

/** Asks for a new credential now; the connection is never left worse than before. */
export const rotateConnectionRoute = defineRoute({
  name: 'rotate-connection',
  method: 'POST',
  path: '/api/v2/flows/vault/connections/{id}/rotate',
  function: 'api',
  scopes: ['update:flows_vault_connections'],
  tag: 'Credentials',
  summary: 'Rotate a credential now',
  description:
    'For connections whose credential a provider mints. When the provider does not give a new one, the old one stays and `reason` says why.',
  pathSchema: connectionIdPath,
  responses: {
    200: {
      description: 'How it went, and the connection as it is now.',
      schema: z.object({
        rotated: z.boolean(),
        reason: z.optional(z.string()),
        connection: fullConnectionSchema,
      }),
    },
    ...errorResponses(...GUARDED, 404, 409),
  },
  async handle({ path, caller }, ports: ApiPorts) {
    const { rotated, reason, row } = await rotateNow(ports, { tenant: caller.tenant, id: path.id })
    const body = { rotated, connection: await showConnection(ports, row, { view: 'full', answerTo: 'read' }) }
    const { credentialVersion } = row
    return { status: 200, body: reason === undefined ? body : { ...body, reason }, credentialVersion }
  },
})
