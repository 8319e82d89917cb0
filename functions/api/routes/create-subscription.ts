import * as z from 'zod/mini'
import { VaultError } from '../../../shared/domain/errors.ts'
import { createSubscription } from '../../../shared/use-cases/subscriptions/manage-subscriptions.ts'
import { defineRoute } from '../../route.ts'
import { errorResponses, GUARDED } from '../common-schemas.ts'
import type { ApiPorts } from '../ports.ts'
import {
  filterOf,
  SUBSCRIPTION_FIELDS,
  subscriptionView,
  subscriptionWithSecretSchema,
  targetOf,
} from '../subscription-view.ts'

/** Adds somebody who is told of changes. */
export const createSubscriptionRoute = defineRoute({
  name: 'create-subscription',
  method: 'POST',
  path: '/api/v2/flows/vault/subscriptions',
  function: 'api',
  scopes: ['create:flows_vault_subscriptions'],
  tag: 'Subscriptions',
  summary: 'Tell a webhook, or people, of changes',
  description:
    'With `url` each event is posted there as a CloudEvents 1.0 body, signed after Standard Webhooks with the `secret` of the answer. With `target_connection_id`, a connection of the vault that is a webhook URL (Slack, Zapier), people get a sentence. Filters are optional; without any, every event is sent.',
  bodySchema: z.strictObject(SUBSCRIPTION_FIELDS),
  responses: {
    201: {
      description: 'The subscription, with its signing secret, which is shown this once.',
      schema: subscriptionWithSecretSchema,
    },
    ...errorResponses(...GUARDED, 409, 413, 415),
  },
  async handle({ body, caller }, ports: ApiPorts) {
    const target = targetOf(body)
    if (target === undefined) {
      throw new VaultError('invalid-body', 'A subscription needs a target', {
        field: 'url',
        allowed: 'url or target_connection_id, one of the two',
      })
    }
    const { subscription, secret } = await createSubscription(ports, {
      tenant: caller.tenant,
      clientId: caller.clientId,
      ...(body.name === undefined ? {} : { name: body.name }),
      target,
      filter: filterOf(body),
    })
    return { status: 201, body: { ...subscriptionView(subscription), secret: secret?.reveal() ?? null } }
  },
})
