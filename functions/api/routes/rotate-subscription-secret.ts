import * as z from 'zod/mini'
import { rotateSigningSecret } from '../../../shared/use-cases/subscriptions/manage-subscriptions.ts'
import { defineRoute } from '../../route.ts'
import { connectionIdPath, errorResponses, GUARDED } from '../common-schemas.ts'
import type { ApiPorts } from '../ports.ts'
import { subscriptionView, subscriptionWithSecretSchema } from '../subscription-view.ts'

/** Gives a webhook a new signing secret. */
export const rotateSubscriptionSecretRoute = defineRoute({
  name: 'rotate-subscription-secret',
  method: 'POST',
  path: '/api/v2/flows/vault/subscriptions/{id}/rotate-secret',
  function: 'api',
  scopes: ['update:flows_vault_subscriptions'],
  tag: 'Subscriptions',
  summary: 'Replace the signing secret',
  description:
    'For 24 hours both secrets sign, so that the receiver can change over in between; `expire_previous: now` ends the old one at once, for one that has leaked.',
  pathSchema: connectionIdPath,
  bodySchema: z.strictObject({ expire_previous: z.optional(z.literal('now')) }),
  bodyOptional: true,
  responses: {
    200: {
      description: 'The subscription, with its new secret, which is shown this once.',
      schema: subscriptionWithSecretSchema,
    },
    ...errorResponses(...GUARDED, 404, 409, 413, 415),
  },
  async handle({ path, body, caller }, ports: ApiPorts) {
    const at = { tenant: caller.tenant, id: path.id }
    const expirePreviousNow = body.expire_previous === 'now'
    const { subscription, secret } = await rotateSigningSecret(ports, at, { expirePreviousNow })
    return { status: 200, body: { ...subscriptionView(subscription), secret: secret?.reveal() ?? null } }
  },
})
