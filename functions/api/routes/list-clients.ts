import * as z from 'zod/mini'
import { defineRoute } from '../../route.ts'
import { errorResponses, GUARDED } from '../common-schemas.ts'
import type { ApiPorts } from '../ports.ts'

/**
 * An empty page of Auth0's applications: the deploy CLI's dry run asks for them first and gives up on a 404.
 * The vault has no applications, and this route says so in Auth0's shape.
 */
export const listClientsRoute = defineRoute({
  name: 'list-clients',
  method: 'GET',
  path: '/api/v2/clients',
  function: 'api',
  scopes: ['read:flows_vault_connections'],
  tag: 'Compatibility',
  summary: "An empty page of applications, for the deploy CLI's dry run",
  querySchema: z.looseObject({}),
  responses: {
    200: {
      description: 'No applications.',
      schema: z.union([
        z.array(z.unknown()),
        z.object({ start: z.int(), limit: z.int(), total: z.int(), clients: z.array(z.unknown()) }),
      ]),
    },
    ...errorResponses(...GUARDED),
  },
  async handle({ query }, _ports: ApiPorts) {
    if (query['include_totals'] !== 'true') return { status: 200, body: [] }
    const limit = Number(query['per_page'] ?? 50)
    const start = Number(query['page'] ?? 0) * limit
    const whole = Number.isSafeInteger(limit) && Number.isSafeInteger(start)
    return {
      status: 200,
      body: { start: whole ? start : 0, limit: whole ? limit : 50, total: 0, clients: [] },
    }
  },
})
