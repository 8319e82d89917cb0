import * as z from 'zod/mini'
import { listSubscriptions } from '../../../shared/use-cases/subscriptions/subscription-rows.ts'
import { defineRoute } from '../../route.ts'
import { errorResponses, GUARDED } from '../common-schemas.ts'
import type { ApiPorts } from '../ports.ts'
import { subscriptionSchema, subscriptionView } from '../subscription-view.ts'

/** Who is told of changes. */
export const listSubscriptionsRoute = defineRoute({
  name: 'list-subscriptions',
  method: 'GET',
  path: '/api/v2/flows/vault/subscriptions',
  function: 'api',
  scopes: ['read:flows_vault_subscriptions'],
  tag: 'Subscriptions',
  summary: 'List subscriptions',
  responses: {
    200: { description: 'All of the tenant, 50 at most.', schema: z.array(subscriptionSchema) },
    ...errorResponses(...GUARDED),
  },
  async handle({ caller }, ports: ApiPorts) {
    return { status: 200, body: (await listSubscriptions(ports, caller.tenant)).map(subscriptionView) }
  },
})
