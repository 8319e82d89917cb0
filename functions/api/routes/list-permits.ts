import * as z from 'zod/mini'
import { listPermits } from '../../../shared/use-cases/permits/manage-permits.ts'
import { defineRoute } from '../../route.ts'
import { errorResponses, GUARDED } from '../common-schemas.ts'
import { permitSchema, permitView } from '../permit-view.ts'
import type { ApiPorts } from '../ports.ts'

const MAX_CLIENT_LENGTH = 200

/** What narrows the tenant's clients. */
export const listPermitsRoute = defineRoute({
  name: 'list-permits',
  method: 'GET',
  path: '/api/v2/flows/vault/permits',
  function: 'api',
  scopes: ['read:flows_vault_permits'],
  tag: 'Permits',
  summary: 'List permits',
  querySchema: z.strictObject({
    client: z.optional(z.string().check(z.minLength(1), z.maxLength(MAX_CLIENT_LENGTH))),
  }),
  responses: {
    200: { description: 'All of the tenant, or of one client.', schema: z.array(permitSchema) },
    ...errorResponses(...GUARDED),
  },
  async handle({ query, caller }, ports: ApiPorts) {
    const permits = await listPermits(ports, caller.tenant)
    const shown = permits.filter(({ client }) => query.client === undefined || client === query.client)
    return { status: 200, body: shown.map(permitView) }
  },
})
