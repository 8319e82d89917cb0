import { connectionEtag } from '../../../shared/domain/preconditions.ts'
import { getConnection } from '../../../shared/use-cases/commit/connection-rows.ts'
import { defineRoute } from '../../route.ts'
import { connectionIdPath, errorResponses, GUARDED, viewQuery } from '../common-schemas.ts'
import { shownConnectionSchema } from '../connection-view.ts'
import type { ApiPorts } from '../ports.ts'
import { showConnection } from '../shown-connection.ts'

/** One connection's metadata; `?view=full` says where it stands. */
export const getConnectionRoute = defineRoute({
  name: 'get-connection',
  method: 'GET',
  path: '/api/v2/flows/vault/connections/{id}',
  function: 'api',
  scopes: ['read:flows_vault_connections'],
  tag: 'Connections',
  summary: 'Get a connection',
  pathSchema: connectionIdPath,
  querySchema: viewQuery,
  responses: {
    200: { description: 'The connection, with its entity tag.', schema: shownConnectionSchema },
    ...errorResponses(...GUARDED, 404),
  },
  async handle({ path, query, caller }, ports: ApiPorts) {
    const row = await getConnection(ports, caller.tenant, path.id)
    return {
      status: 200,
      body: await showConnection(ports, row, { view: query.view, answerTo: 'read' }),
      headers: { etag: connectionEtag(row) },
    }
  },
})
