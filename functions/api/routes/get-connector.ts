import * as z from 'zod/mini'
import { findConnector } from '../../../shared/connectors/catalogue.ts'
import { describeConnector } from '../../../shared/connectors/describe-connector.ts'
import { VaultError } from '../../../shared/domain/errors.ts'
import { defineRoute } from '../../route.ts'
import { errorResponses, GUARDED } from '../common-schemas.ts'
import type { ApiPorts } from '../ports.ts'
import { connectorSchema } from './list-connectors.ts'

/** Auth0: an `app_id` has at most 55 characters. */
const MAX_APP_ID_LENGTH = 55

/** A path that names an app. */
export const appIdPath = z.object({ app_id: z.string().check(z.maxLength(MAX_APP_ID_LENGTH)) })

/** One app, described. */
export const getConnectorRoute = defineRoute({
  name: 'get-connector',
  method: 'GET',
  path: '/api/v2/flows/vault/connectors/{app_id}',
  function: 'api',
  scopes: ['read:flows_vault_connections'],
  tag: 'Connectors',
  summary: 'Get an app, with the fields of its setups',
  pathSchema: appIdPath,
  responses: {
    200: { description: 'The app, with a JSON Schema for each of its setups.', schema: connectorSchema },
    ...errorResponses(...GUARDED, 404),
  },
  async handle({ path }, _ports: ApiPorts) {
    const connector = findConnector(path.app_id)
    if (connector === undefined) throw new VaultError('not-found', 'Connector not found')
    return { status: 200, body: describeConnector(connector) }
  },
})
