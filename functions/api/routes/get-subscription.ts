import { getSubscription } from '../../../shared/use-cases/subscriptions/subscription-rows.ts'
import { defineRoute } from '../../route.ts'
import { connectionIdPath, errorResponses, GUARDED } from '../common-schemas.ts'
import type { ApiPorts } from '../ports.ts'
import { subscriptionSchema, subscriptionView } from '../subscription-view.ts'

/** One subscription. */
export const getSubscriptionRoute = defineRoute({
  name: 'get-subscription',
  method: 'GET',
  path: '/api/v2/flows/vault/subscriptions/{id}',
  function: 'api',
  scopes: ['read:flows_vault_subscriptions'],
  tag: 'Subscriptions',
  summary: 'Get a subscription',
  pathSchema: connectionIdPath,
  responses: {
    200: { description: 'The subscription, without its secret.', schema: subscriptionSchema },
    ...errorResponses(...GUARDED, 404),
  },
  async handle({ path, caller }, ports: ApiPorts) {
    return { status: 200, body: subscriptionView(await getSubscription(ports, caller.tenant, path.id)) }
  },
})
