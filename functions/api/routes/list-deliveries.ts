import * as z from 'zod/mini'
import { listDeliveries } from '../../../shared/use-cases/subscriptions/replay.ts'
import { defineRoute } from '../../route.ts'
import { connectionIdPath, errorResponses, GUARDED, queryInteger } from '../common-schemas.ts'
import type { ApiPorts } from '../ports.ts'
import { deliverySchema, deliveryView } from '../subscription-view.ts'

const MAX_LIMIT = 100
const DEFAULT_LIMIT = 50
const MAX_TOKEN_LENGTH = 1000

/** What was sent to a subscription, and how it went. */
export const listDeliveriesRoute = defineRoute({
  name: 'list-deliveries',
  method: 'GET',
  path: '/api/v2/flows/vault/subscriptions/{id}/deliveries',
  function: 'api',
  scopes: ['read:flows_vault_subscriptions'],
  tag: 'Subscriptions',
  summary: 'List what was sent to a subscription',
  description:
    'Newest first, tests at the top; kept for 30 days. `next` of an answer is the `from` of the next page.',
  pathSchema: connectionIdPath,
  querySchema: z.strictObject({
    limit: z.optional(queryInteger({ minimum: 1, maximum: MAX_LIMIT })),
    from: z.optional(z.string().check(z.minLength(1), z.maxLength(MAX_TOKEN_LENGTH))),
  }),
  responses: {
    200: {
      description: 'The deliveries with their newest tries.',
      schema: z.object({ deliveries: z.array(deliverySchema), next: z.nullable(z.string()) }),
    },
    ...errorResponses(...GUARDED, 404),
  },
  async handle({ path, query, caller }, ports: ApiPorts) {
    const { deliveries, next } = await listDeliveries(ports, {
      tenant: caller.tenant,
      id: path.id,
      limit: query.limit ?? DEFAULT_LIMIT,
      ...(query.from === undefined ? {} : { page: query.from }),
    })
    return { status: 200, body: { deliveries: deliveries.map(deliveryView), next: next ?? null } }
  },
})
