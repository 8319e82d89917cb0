import * as z from 'zod/mini'
import { listFreezes } from '../../../shared/use-cases/freezes/list-freezes.ts'
import { defineRoute } from '../../route.ts'
import { errorResponses, GUARDED } from '../common-schemas.ts'
import { freezeSchema, freezeView } from '../freeze-view.ts'
import type { ApiPorts } from '../ports.ts'

/** The freezes in force. */
export const listFreezesRoute = defineRoute({
  name: 'list-freezes',
  method: 'GET',
  path: '/api/v2/flows/vault/freezes',
  function: 'api',
  scopes: ['create:flows_vault_freezes', 'delete:flows_vault_freezes', 'read:flows_vault_connections'],
  tag: 'Freezes',
  summary: 'List freezes',
  responses: {
    200: { description: 'In the order they were made.', schema: z.array(freezeSchema) },
    ...errorResponses(...GUARDED),
  },
  async handle({ caller }, ports: ApiPorts) {
    return { status: 200, body: (await listFreezes(ports, caller.tenant)).map(freezeView) }
  },
})
