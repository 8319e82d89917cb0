import * as z from 'zod/mini'
import { putFlow } from '../../../shared/use-cases/usage/flows.ts'
import { defineRoute } from '../../route.ts'
import { errorResponses, GUARDED, textOfLength } from '../common-schemas.ts'
import { flowUrl } from '../flow-url.ts'
import { flowPath, flowSchema, flowView } from '../flow-view.ts'
import type { ApiPorts } from '../ports.ts'

const MAX_NAME_LENGTH = 150

/** Says that a flow uses a connection. */
export const putFlowRoute = defineRoute({
  name: 'put-flow',
  method: 'PUT',
  path: '/api/v2/flows/vault/connections/{id}/flows/{flow_id}',
  function: 'api',
  scopes: ['update:flows_vault_connections'],
  tag: 'Where used',
  summary: 'Say that a flow uses a connection',
  description:
    'So that whoever changes or deletes the connection knows, and opens the flow by its `url`. Saying it again replaces what was said.',
  pathSchema: flowPath,
  bodySchema: z.strictObject({
    name: textOfLength({ minimum: 1, maximum: MAX_NAME_LENGTH }),
    /** Null, as it is shown where there is none, says the same as leaving it out. */
    action: z.optional(z.nullable(textOfLength({ minimum: 1, maximum: MAX_NAME_LENGTH }))),
    /** Where people open the flow. */
    url: z.optional(z.nullable(flowUrl())),
  }),
  responses: {
    200: { description: 'The flow as it is known now.', schema: flowSchema },
    ...errorResponses(...GUARDED, 404, 409, 413, 415),
  },
  async handle({ path, body, caller }, ports: ApiPorts) {
    const flow = await putFlow(
      ports,
      { tenant: caller.tenant, connectionId: path.id },
      {
        id: path.flow_id,
        name: body.name,
        ...(typeof body.action === 'string' ? { action: body.action } : {}),
        ...(typeof body.url === 'string' ? { url: body.url } : {}),
        updatedBy: caller.clientId,
      },
    )
    return { status: 200, body: flowView(flow) }
  },
})
