import * as z from 'zod/mini'
import { replay } from '../../../shared/use-cases/subscriptions/replay.ts'
import { defineRoute } from '../../route.ts'
import { connectionIdPath, errorResponses, GUARDED } from '../common-schemas.ts'
import type { ApiPorts } from '../ports.ts'
import { replayedSchema } from '../subscription-view.ts'

const MAX_CURSOR_LENGTH = 500

/** Sends a subscription what happened after a place in the feed, once more. */
export const replaySubscriptionRoute = defineRoute({
  name: 'replay-subscription',
  method: 'POST',
  path: '/api/v2/flows/vault/subscriptions/{id}/replay',
  function: 'api',
  scopes: ['update:flows_vault_subscriptions'],
  tag: 'Subscriptions',
  summary: 'Send past events again',
  description:
    'What happened after a cursor of the feed, or since an instant (ISO 8601). Up to 1,000 events are looked through; while there is `more`, go on with the `after` of the answer.',
  pathSchema: connectionIdPath,
  querySchema: z.strictObject({
    after: z.string().check(z.minLength(1), z.maxLength(MAX_CURSOR_LENGTH)),
  }),
  responses: {
    202: { description: 'How many are on their way.', schema: replayedSchema },
    ...errorResponses(...GUARDED, 404, 409, 410),
  },
  async handle({ path, query, caller }, ports: ApiPorts) {
    const replayed = await replay(ports, { tenant: caller.tenant, id: path.id, after: query.after })
    return { status: 202, body: replayed }
  },
})
