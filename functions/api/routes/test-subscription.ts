import * as z from 'zod/mini'
import { sendTest } from '../../../shared/use-cases/subscriptions/replay.ts'
import { defineRoute } from '../../route.ts'
import { connectionIdPath, errorResponses, GUARDED } from '../common-schemas.ts'
import type { ApiPorts } from '../ports.ts'

/** Sends a test event, which is marked as one. */
export const testSubscriptionRoute = defineRoute({
  name: 'test-subscription',
  method: 'POST',
  path: '/api/v2/flows/vault/subscriptions/{id}/test',
  function: 'api',
  scopes: ['update:flows_vault_subscriptions'],
  tag: 'Subscriptions',
  summary: 'Send a test event',
  description: 'What became of it is in the deliveries, under the id that is answered.',
  pathSchema: connectionIdPath,
  responses: {
    202: { description: 'On its way.', schema: z.object({ event_id: z.string() }) },
    ...errorResponses(...GUARDED, 404, 409),
  },
  async handle({ path, caller }, ports: ApiPorts) {
    const { tenant, clientId } = caller
    return { status: 202, body: { event_id: await sendTest(ports, { tenant, id: path.id, clientId }) } }
  },
})
