import * as z from 'zod/mini'
import { updateSubscription } from '../../../shared/use-cases/subscriptions/manage-subscriptions.ts'
import { replay } from '../../../shared/use-cases/subscriptions/replay.ts'
import { defineRoute } from '../../route.ts'
import { connectionIdPath, errorResponses, GUARDED } from '../common-schemas.ts'
import type { ApiPorts } from '../ports.ts'
import {
  filterOf,
  SUBSCRIPTION_FIELDS,
  subscriptionSchema,
  subscriptionView,
  targetOf,
} from '../subscription-view.ts'

const MAX_CURSOR_LENGTH = 500

/** Changes a subscription, pauses or resumes it. */
export const updateSubscriptionRoute = defineRoute({
  name: 'update-subscription',
  method: 'PATCH',
  path: '/api/v2/flows/vault/subscriptions/{id}',
  function: 'api',
  scopes: ['update:flows_vault_subscriptions'],
  tag: 'Subscriptions',
  summary: 'Change, pause or resume a subscription',
  description:
    'What is left out stays; a filter that is given replaces all three. `status: enabled` resumes one that was paused or ended, and `replay_after`, a cursor of the feed, sends it what it missed.',
  pathSchema: connectionIdPath,
  bodySchema: z.strictObject({
    ...SUBSCRIPTION_FIELDS,
    status: z.optional(z.enum(['enabled', 'paused'])),
    replay_after: z.optional(z.string().check(z.minLength(1), z.maxLength(MAX_CURSOR_LENGTH))),
  }),
  responses: {
    200: { description: 'The subscription as it is now.', schema: subscriptionSchema },
    ...errorResponses(...GUARDED, 404, 409, 410, 413, 415),
  },
  async handle({ path, body, caller }, ports: ApiPorts) {
    const { tenant, clientId } = caller
    const filter = filterOf(body)
    const subscription = await updateSubscription(
      ports,
      { tenant, id: path.id, clientId },
      {
        name: body.name,
        target: targetOf(body),
        filter: Object.keys(filter).length === 0 ? undefined : filter,
        status: body.status,
      },
    )
    if (body.replay_after !== undefined) {
      await replay(ports, { tenant, id: path.id, after: body.replay_after })
    }
    return { status: 200, body: subscriptionView(subscription) }
  },
})
