import * as z from 'zod/mini'
import { deleteConnection } from '../../../shared/use-cases/connections/delete-connection.ts'
import { refuseWhileUsed } from '../../../shared/use-cases/usage/flows.ts'
import { defineRoute } from '../../route.ts'
import { connectionIdPath, errorResponses, GUARDED, ifMatchHeader, queryFlag } from '../common-schemas.ts'
import type { ApiPorts } from '../ports.ts'

/** Deletes a connection: it answers 404 at once and can be restored for 7 days, unless purged. */
export const deleteConnectionRoute = defineRoute({
  name: 'delete-connection',
  method: 'DELETE',
  path: '/api/v2/flows/vault/connections/{id}',
  function: 'api',
  scopes: ['delete:flows_vault_connections'],
  tag: 'Connections',
  summary: 'Delete a connection',
  description:
    'It answers 404 from then on and can be restored for 7 days. `?purge=true` destroys it at once, also one that was deleted before. `?unless_used=true` answers 409 with their names while flows say that they use it.',
  pathSchema: connectionIdPath,
  querySchema: z.strictObject({ purge: z.optional(queryFlag()), unless_used: z.optional(queryFlag()) }),
  headerSchema: ifMatchHeader,
  responses: {
    204: { description: 'Deleted.' },
    ...errorResponses(...GUARDED, 404, 409, 412),
  },
  async handle({ path, query, headers, caller }, ports: ApiPorts) {
    if (query.unless_used === true) {
      await refuseWhileUsed(ports, { tenant: caller.tenant, connectionId: path.id })
    }
    await deleteConnection(ports, {
      tenant: caller.tenant,
      id: path.id,
      ifMatch: headers['if-match'],
      purge: query.purge === true,
    })
    return { status: 204 }
  },
})
