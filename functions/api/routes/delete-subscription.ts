import { deleteSubscription } from '../../../shared/use-cases/subscriptions/manage-subscriptions.ts'
import { defineRoute } from '../../route.ts'
import { connectionIdPath, errorResponses, GUARDED } from '../common-schemas.ts'
import type { ApiPorts } from '../ports.ts'

/** Ends a subscription. */
export const deleteSubscriptionRoute = defineRoute({
  name: 'delete-subscription',
  method: 'DELETE',
  path: '/api/v2/flows/vault/subscriptions/{id}',
  function: 'api',
  scopes: ['delete:flows_vault_subscriptions'],
  tag: 'Subscriptions',
  summary: 'Delete a subscription',
  pathSchema: connectionIdPath,
  responses: { 204: { description: 'Deleted.' }, ...errorResponses(...GUARDED, 404, 409) },
  async handle({ path, caller }, ports: ApiPorts) {
    await deleteSubscription(ports, caller.tenant, path.id)
    return { status: 204 }
  },
})
