import * as z from 'zod/mini'
import { MAX_NAME_LENGTH } from '../../../shared/domain/connection.ts'
import { getConnection } from '../../../shared/use-cases/commit/connection-rows.ts'
import { connectionEtag } from '../../../shared/use-cases/commit/preconditions.ts'
import { errorsOfSetup } from '../../../shared/use-cases/connections/accept-setup.ts'
import { countingRefusals } from '../../../shared/use-cases/connections/refused-changes.ts'
import { updateConnection } from '../../../shared/use-cases/connections/update-connection.ts'
import { defineRoute } from '../../route.ts'
import {
  connectionIdPath,
  errorResponses,
  GUARDED,
  ifMatchHeader,
  queryFlag,
  textOfLength,
  viewQuery,
} from '../common-schemas.ts'
import { shownConnectionSchema } from '../connection-view.ts'
import { credentialEndBody, credentialEndOf } from '../credential-end-body.ts'
import type { ApiPorts } from '../ports.ts'
import { describeUpdateBody, setupBodySchema } from '../setup-body.ts'
import { showConnection } from '../shown-connection.ts'

/** Renames a connection or replaces its whole setup. */
export const updateConnectionRoute = defineRoute({
  name: 'update-connection',
  method: 'PATCH',
  path: '/api/v2/flows/vault/connections/{id}',
  function: 'api',
  scopes: ['update:flows_vault_connections'],
  tag: 'Connections',
  summary: 'Update a connection',
  description:
    'A new `setup` replaces the whole old one. Sending the same name and setup again changes nothing. A grant stays while its client does: a new client secret, scope or base URL asks nobody to authorize again, another client id or endpoint does. A new `code` replaces the grant only when the provider takes it. `If-Match` is optional.',
  pathSchema: connectionIdPath,
  querySchema: z.extend(viewQuery, { verify: z.optional(queryFlag()) }),
  headerSchema: ifMatchHeader,
  bodySchema: z.strictObject({
    name: z.optional(textOfLength({ minimum: 1, maximum: MAX_NAME_LENGTH })),
    setup: z.optional(setupBodySchema),
    ...credentialEndBody,
  }),
  describeBody: describeUpdateBody,
  async errorsBeside({ path, body, caller }, ports: ApiPorts) {
    const { appId } = await getConnection(ports, caller.tenant, path.id)
    return errorsOfSetup(ports, { tenant: caller.tenant, app: appId }, body['setup'])
  },
  responses: {
    200: { description: 'The connection as it is now.', schema: shownConnectionSchema },
    ...errorResponses(...GUARDED, 404, 409, 412, 413, 415),
  },
  async handle({ path, query, headers, body, caller }, ports: ApiPorts) {
    const update = () =>
      updateConnection(ports, {
        tenant: caller.tenant,
        id: path.id,
        name: body.name,
        setup: body.setup,
        ...credentialEndOf(body),
        verify: query.verify === true,
        ifMatch: headers['if-match'],
      })
    const where = { tenant: caller.tenant, id: path.id }
    const row = body.setup === undefined ? await update() : await countingRefusals(ports, where, update)
    return {
      status: 200,
      body: await showConnection(ports, row, { view: query.view, answerTo: 'write' }),
      headers: { etag: connectionEtag(row) },
    }
  },
})
