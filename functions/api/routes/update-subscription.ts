import * as z from 'zod/mini'
import { updateSubscription } from '../../../shared/use-cases/subscriptions/manage-subscriptions.ts'
import { refuseReplay, replay } from '../../../shared/use-cases/subscriptions/replay.ts'
import { defineRoute } from '../../route.ts'
import { connectionIdPath, errorResponses, GUARDED } from '../common-schemas.ts'
import type { ApiPorts } from '../ports.ts'
import {
  filterChangeOf,
  replayedSchema,
  SUBSCRIPTION_CHANGES,
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
    'What is left out stays; null takes the name or a part of the filter away. `status: enabled` resumes one that was paused or ended: what happened meanwhile is sent with `replay_after`, a cursor of the feed or an instant such as `last_success_at`. Up to 1,000 events are looked through for it; while `replayed` has `more`, go on with `POST …/replay`.',
  pathSchema: connectionIdPath,
  bodySchema: z.strictObject({
    ...SUBSCRIPTION_CHANGES,
    status: z.optional(z.enum(['enabled', 'paused'])),
    replay_after: z.optional(z.string().check(z.minLength(1), z.maxLength(MAX_CURSOR_LENGTH))),
  }),
  responses: {
    200: {
      description: 'The subscription as it is now; with `replay_after`, how much is sent again.',
      schema: z.extend(subscriptionSchema, { replayed: z.optional(replayedSchema) }),
    },
    ...errorResponses(...GUARDED, 404, 409, 410, 413, 415),
  },
  async handle({ path, body, caller }, ports: ApiPorts) {
    const { tenant, clientId } = caller
    const { replay_after: after, status } = body
    if (after !== undefined) await refuseReplay(ports, { tenant, id: path.id, after, status })
    const subscription = await updateSubscription(
      ports,
      { tenant, id: path.id, clientId },
      {
        name: body.name,
        target: targetOf(body),
        filter: filterChangeOf(body),
        status,
      },
    )
    const shown = subscriptionView(subscription)
    if (after === undefined) return { status: 200, body: shown }
    const replayed = await replay(ports, { tenant, id: path.id, after })
    return { status: 200, body: { ...shown, replayed } }
  },
})
