import { connectionEtag } from '../../../shared/domain/preconditions.ts'
import { restoreConnection } from '../../../shared/use-cases/connections/restore-connection.ts'
import { defineRoute } from '../../route.ts'
import { connectionIdPath, errorResponses, GUARDED, viewQuery } from '../common-schemas.ts'
import { shownConnectionSchema } from '../connection-view.ts'
import type { ApiPorts } from '../ports.ts'
import { showConnection } from '../shown-connection.ts'

/** Brings a deleted connection back, within 7 days, with the same id and setup. */
export const restoreConnectionRoute = defineRoute({
  name: 'restore-connection',
  method: 'POST',
  path: '/api/v2/flows/vault/connections/{id}/restore',
  function: 'api',
  scopes: ['create:flows_vault_connections'],
  tag: 'Connections',
  summary: 'Restore a deleted connection',
  description:
    'The row and the setup come back with the same id. A grant that was revoked at the provider comes back as `reauthorization_required`.',
  pathSchema: connectionIdPath,
  querySchema: viewQuery,
  responses: {
    200: { description: 'The connection.', schema: shownConnectionSchema },
    ...errorResponses(...GUARDED, 404, 409),
  },
  async handle({ path, query, caller }, ports: ApiPorts) {
    const row = await restoreConnection(ports, { tenant: caller.tenant, id: path.id })
    return {
      status: 200,
      body: await showConnection(ports, row, { view: query.view, answerTo: 'write' }),
      headers: { etag: connectionEtag(row) },
    }
  },
})
