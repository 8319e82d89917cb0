import * as z from 'zod/mini'
import { APP_IDS } from '../../../shared/connectors/catalogue.ts'
import { VaultError } from '../../../shared/domain/errors.ts'
import { createFreeze } from '../../../shared/use-cases/freezes/manage-freezes.ts'
import { defineRoute } from '../../route.ts'
import { errorResponses, GUARDED, textOfLength } from '../common-schemas.ts'
import { freezeSchema, freezeView } from '../freeze-view.ts'
import type { ApiPorts } from '../ports.ts'

const MAX_REASON_LENGTH = 500

const freezeBody = z.strictObject({
  app_id: z.optional(z.enum(APP_IDS as [string, ...string[]])),
  connection_id: z.optional(z.string().check(z.minLength(1), z.maxLength(30))),
  reason: textOfLength({ minimum: 1, maximum: MAX_REASON_LENGTH }),
  revoke: z.optional(z.boolean()),
})

/** The kill switch: nothing of the app or connection is fetched or rotated any more. */
export const createFreezeRoute = defineRoute({
  name: 'create-freeze',
  method: 'POST',
  path: '/api/v2/flows/vault/freezes',
  function: 'api',
  scopes: ['create:flows_vault_freezes'],
  tag: 'Freezes',
  summary: 'Freeze an app or a connection',
  description:
    'Fetch and rotation refuse within a second, everywhere. With `revoke` the grants are revoked at the provider as well, as a job whose progress the freeze shows.',
  bodySchema: freezeBody,
  describeBody: () => ({
    ...z.toJSONSchema(freezeBody, { io: 'input' }),
    oneOf: [{ required: ['app_id'] }, { required: ['connection_id'] }],
  }),
  responses: {
    201: { description: 'In force.', schema: freezeSchema },
    ...errorResponses(...GUARDED, 409, 413, 415),
  },
  async handle({ body, caller }, ports: ApiPorts) {
    if ((body.app_id === undefined) === (body.connection_id === undefined)) {
      throw new VaultError('invalid-body', "Data does not match any schemas from 'oneOf'", {
        field: 'app_id',
        allowed: 'app_id or connection_id, and not both',
      })
    }
    const freeze = await createFreeze(ports, {
      tenant: caller.tenant,
      appId: body.app_id,
      connectionId: body.connection_id,
      reason: body.reason,
      revoke: body.revoke === true,
    })
    return { status: 201, body: freezeView(freeze) }
  },
})
