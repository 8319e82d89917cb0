import * as z from 'zod/mini'
import { MAX_NAME_LENGTH } from '../../../shared/domain/connection.ts'
import { connectionEtag } from '../../../shared/domain/preconditions.ts'
import { getConnection } from '../../../shared/use-cases/commit/connection-rows.ts'
import { errorsOfSetup } from '../../../shared/use-cases/connections/accept-setup.ts'
import { previewUpdate } from '../../../shared/use-cases/connections/preview-change.ts'
import { countingRefusals } from '../../../shared/use-cases/connections/refused-changes.ts'
import { updateConnection } from '../../../shared/use-cases/connections/update-connection.ts'
import { defineRoute } from '../../route.ts'
import { changePreviewSchema, changePreviewView, refuseVerifiedDryRun } from '../change-preview.ts'
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
import { grantBodySchema, grantOfBody } from '../grant-body.ts'
import type { ApiPorts } from '../ports.ts'
import { describeUpdateBody, setupBodySchema, setupChangesSchema } from '../setup-body.ts'
import { showConnection } from '../shown-connection.ts'

/** Renames a connection, or replaces its setup or a part of it. */
export const updateConnectionRoute = defineRoute({
  name: 'update-connection',
  method: 'PATCH',
  path: '/api/v2/flows/vault/connections/{id}',
  function: 'api',
  scopes: ['update:flows_vault_connections'],
  tag: 'Connections',
  summary: 'Update a connection',
  description:
    'A new `setup` replaces the whole old one. Sending the same name and setup again changes nothing. A grant stays while its client does: a new client secret, scope or base URL asks nobody to authorize again, another client id or endpoint does. A new `code` replaces the grant only when the provider takes it. `setup_changes` changes a part of the stored setup, which cannot be read back: a merge patch (RFC 7396) in which null removes a member; the named values of `CUSTOM` are merged by their names. `grant` brings along what another system got from the provider, as with a create; alone it goes with the setup that is stored. `If-Match` is optional.',
  pathSchema: connectionIdPath,
  querySchema: z.extend(viewQuery, {
    verify: z.optional(queryFlag()),
    dry_run: z.optional(queryFlag()),
  }),
  headerSchema: ifMatchHeader,
  bodySchema: z.strictObject({
    name: z.optional(textOfLength({ minimum: 1, maximum: MAX_NAME_LENGTH })),
    setup: z.optional(setupBodySchema),
    setup_changes: z.optional(setupChangesSchema),
    ...credentialEndBody,
    grant: z.optional(grantBodySchema),
  }),
  describeBody: describeUpdateBody,
  async errorsBeside({ path, body, caller }, ports: ApiPorts) {
    const { appId } = await getConnection(ports, caller.tenant, path.id)
    return errorsOfSetup(ports, { tenant: caller.tenant, app: appId }, body['setup'])
  },
  responses: {
    200: {
      description: 'The connection as it is now; with `dry_run`, what would happen.',
      schema: z.union([shownConnectionSchema, changePreviewSchema]),
    },
    ...errorResponses(...GUARDED, 404, 409, 412, 413, 415),
  },
  async handle({ path, query, headers, body, caller }, ports: ApiPorts) {
    const input = {
      tenant: caller.tenant,
      id: path.id,
      name: body.name,
      setup: body.setup,
      changes: body.setup_changes,
      ...credentialEndOf(body),
      grant: body.grant === undefined ? undefined : grantOfBody(body.grant),
      verify: query.verify === true,
      ifMatch: headers['if-match'],
    }
    const where = { tenant: caller.tenant, id: path.id }
    const { setup, setup_changes: changes, grant } = body
    const touchesSetup = [setup, changes, grant].some((sent) => sent !== undefined)
    if (query.dry_run === true) {
      refuseVerifiedDryRun(query)
      const preview = () => previewUpdate(ports, input)
      const seen = touchesSetup
        ? await countingRefusals(ports, where, preview, { countsAlways: true })
        : await preview()
      return { status: 200, body: changePreviewView(seen) }
    }
    const update = () => updateConnection(ports, input)
    const row = touchesSetup ? await countingRefusals(ports, where, update) : await update()
    return {
      status: 200,
      credentialVersion: row.credentialVersion,
      body: await showConnection(ports, row, { view: query.view, answerTo: 'write' }),
      headers: { etag: connectionEtag(row) },
    }
  },
})
