import * as z from 'zod/mini'
import { APP_IDS } from '../../../shared/connectors/catalogue.ts'
import { VaultError } from '../../../shared/domain/errors.ts'
import { MAX_ID_LENGTH } from '../../../shared/domain/ids.ts'
import { createPermit } from '../../../shared/use-cases/permits/manage-permits.ts'
import { defineRoute } from '../../route.ts'
import { errorResponses, GUARDED } from '../common-schemas.ts'
import { instantMs, instantSchema } from '../instant-schema.ts'
import { permitSchema, permitView } from '../permit-view.ts'
import type { ApiPorts } from '../ports.ts'

const MAX_CLIENT_LENGTH = 200
/** A client of more connections than this is better permitted an app, or several permits. */
const MAX_CONNECTIONS = 100

/** Narrows a client to some connections or apps. */
export const createPermitRoute = defineRoute({
  name: 'create-permit',
  method: 'POST',
  path: '/api/v2/flows/vault/permits',
  function: 'api',
  scopes: ['create:flows_vault_permits'],
  tag: 'Permits',
  summary: 'Narrow a client to some connections or apps',
  description:
    'A client without a permit has what its scopes give. One with permits has of that only what they name, by every route; all else answers like an unknown id. It is obeyed everywhere within a second. A permit whose `until` has passed permits nothing, and its client stays narrowed until the permit is deleted.',
  bodySchema: z.strictObject({
    client: z.string().check(z.minLength(1), z.maxLength(MAX_CLIENT_LENGTH)),
    connections: z.optional(
      z
        .array(z.string().check(z.minLength(1), z.maxLength(MAX_ID_LENGTH)))
        .check(z.minLength(1), z.maxLength(MAX_CONNECTIONS)),
    ),
    apps: z.optional(
      z.array(z.enum(APP_IDS as [string, ...string[]])).check(z.minLength(1), z.maxLength(APP_IDS.length)),
    ),
    until: z.optional(instantSchema()),
  }),
  responses: {
    201: { description: 'The permit.', schema: permitSchema },
    ...errorResponses(...GUARDED, 409, 413, 415),
  },
  async handle({ body, caller }, ports: ApiPorts) {
    const { client, connections, apps, until } = body
    if ((connections === undefined) === (apps === undefined)) {
      throw new VaultError('invalid-body', 'A permit names connections or apps', {
        field: 'connections',
        allowed: 'connections or apps, one of the two',
      })
    }
    const permit = await createPermit(ports, {
      tenant: caller.tenant,
      createdBy: caller.clientId,
      client,
      ...(connections === undefined ? {} : { connections }),
      ...(apps === undefined ? {} : { apps }),
      ...(until === undefined ? {} : { untilMs: instantMs(until) }),
    })
    return { status: 201, body: permitView(permit) }
  },
})
