import * as z from 'zod/mini'
import { ALL_SCOPES } from '../../../shared/domain/scopes.ts'
import { defineRoute } from '../../route.ts'
import { errorResponses, GUARDED } from '../common-schemas.ts'
import type { ApiPorts } from '../ports.ts'

/** Who calls, where, and what they may do: what a page needs to draw itself. */
export const getSessionRoute = defineRoute({
  name: 'get-session',
  method: 'GET',
  path: '/api/v2/flows/vault/session',
  function: 'api',
  scopes: ALL_SCOPES,
  tag: 'Operation',
  summary: 'Say who the caller is, and what they may do',
  responses: {
    200: {
      description: 'The caller, as the token says.',
      schema: z.object({
        person: z.object({ id: z.string(), name: z.nullable(z.string()) }),
        tenant: z.string(),
        environment: z.string(),
        scopes: z.array(z.string()),
        /** The apps that permits name; null where no permit narrows the caller. */
        permitted_apps: z.nullable(z.array(z.string())),
        public_url: z.string(),
        expires_at: z.string(),
        features: z.array(z.string()),
      }),
    },
    ...errorResponses(...GUARDED),
  },
  async handle({ caller }, ports: ApiPorts) {
    const permitted = await ports.permits.find(caller.tenant, caller.clientId)
    return {
      status: 200,
      body: {
        person: { id: caller.clientId, name: caller.person ?? null },
        tenant: caller.tenant,
        environment: ports.page.environment,
        scopes: [...caller.scopes],
        permitted_apps: permitted === undefined ? null : [...permitted.apps],
        public_url: ports.publicUrl,
        expires_at: new Date(caller.expiresAtMs).toISOString(),
        features: ports.page.features,
      },
    }
  },
})
