import * as z from 'zod/mini'
import { APP_IDS } from '../../../shared/connectors/catalogue.ts'
import { MAX_NAME_LENGTH } from '../../../shared/domain/connection.ts'
import { connectionEtag } from '../../../shared/domain/preconditions.ts'
import { errorsOfSetup } from '../../../shared/use-cases/connections/accept-setup.ts'
import { createConnection } from '../../../shared/use-cases/connections/create-connection.ts'
import { previewCreate } from '../../../shared/use-cases/connections/preview-change.ts'
import { defineRoute } from '../../route.ts'
import {
  CREATE_PREVIEW,
  changePreviewSchema,
  changePreviewView,
  refuseVerifiedDryRun,
} from '../change-preview.ts'
import { errorResponses, GUARDED, queryFlag, textOfLength, viewQuery } from '../common-schemas.ts'
import { shownConnectionSchema } from '../connection-view.ts'
import { credentialEndBody, credentialEndOf } from '../credential-end-body.ts'
import { grantBodySchema, grantOfBody } from '../grant-body.ts'
import type { ApiPorts } from '../ports.ts'
import { describeCreateBody, setupBodySchema } from '../setup-body.ts'
import { showConnection } from '../shown-connection.ts'

/** Creates a connection, empty or with its setup. */
export const createConnectionRoute = defineRoute({
  name: 'create-connection',
  method: 'POST',
  path: '/api/v2/flows/vault/connections',
  function: 'api',
  scopes: ['create:flows_vault_connections'],
  tag: 'Connections',
  summary: 'Create a connection',
  description:
    'Without `setup` the connection is empty, to be filled in later. An `Idempotency-Key` makes a repeated request answer with what the first one made, for 24 hours. `grant` brings along what another system got from the provider, so that nobody has to authorize again: no token is asked for, and a second import of the same token is refused with the id of the first (409). The other system has to stop renewing first.',
  querySchema: z.extend(viewQuery, {
    verify: z.optional(queryFlag()),
    dry_run: z.optional(queryFlag()),
  }),
  headerSchema: z.object({
    'idempotency-key': z.optional(
      z.string().check(z.minLength(1), z.maxLength(255), z.regex(/^[\x21-\x7e]+$/)),
    ),
  }),
  bodySchema: z.strictObject({
    name: textOfLength({ minimum: 1, maximum: MAX_NAME_LENGTH }),
    app_id: z.enum(APP_IDS as [string, ...string[]]),
    setup: z.optional(setupBodySchema),
    ...credentialEndBody,
    grant: z.optional(grantBodySchema),
  }),
  describeBody: describeCreateBody,
  errorsBeside: ({ body, caller }, ports: ApiPorts) =>
    errorsOfSetup(ports, { tenant: caller.tenant, app: body['app_id'] }, body['setup']),
  responses: {
    200: {
      description: 'With `dry_run`: what would be made.',
      schema: changePreviewSchema,
      example: CREATE_PREVIEW,
    },
    201: { description: 'The connection. Its setup is never shown again.', schema: shownConnectionSchema },
    ...errorResponses(...GUARDED, 409, 413, 415, 422),
  },
  async handle({ body, query, headers, caller }, ports: ApiPorts) {
    const input = {
      tenant: caller.tenant,
      clientId: caller.clientId,
      name: body.name,
      appId: body.app_id,
      setup: body.setup,
      ...credentialEndOf(body),
      grant: body.grant === undefined ? undefined : grantOfBody(body.grant),
      verify: query.verify === true,
      idempotencyKey: headers['idempotency-key'],
    }
    if (query.dry_run === true) {
      refuseVerifiedDryRun(query)
      return { status: 200, body: changePreviewView(await previewCreate(ports, input)) }
    }
    const { row, replayed } = await createConnection(ports, input)
    return {
      status: 201,
      credentialVersion: row.credentialVersion,
      body: await showConnection(ports, row, { view: query.view, answerTo: 'write' }),
      headers: {
        etag: connectionEtag(row),
        location: `/api/v2/flows/vault/connections/${row.id}`,
        ...(replayed ? { 'idempotency-replayed': 'true' } : {}),
      },
    }
  },
})
