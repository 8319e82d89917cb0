import * as z from 'zod/mini'
import { CONNECTORS } from '../../../shared/connectors/catalogue.ts'
import { describeConnector } from '../../../shared/connectors/describe-connector.ts'
import { defineRoute } from '../../route.ts'
import { errorResponses, GUARDED } from '../common-schemas.ts'
import type { ApiPorts } from '../ports.ts'

/** Everything a page needs to draw its forms. */
export const connectorSchema = z.looseObject({
  app_id: z.string(),
  label: z.string(),
  about: z.string(),
  category: z.string(),
  category_label: z.string(),
  presets: z.optional(z.int()),
  setups: z.array(z.looseObject({ type: z.string(), label: z.string() })),
})

/** Made when it is first asked for, and the same for all: to make it takes as long as twenty requests. */
let described: string | undefined

/** All apps, described. */
export const listConnectorsRoute = defineRoute({
  name: 'list-connectors',
  method: 'GET',
  path: '/api/v2/flows/vault/connectors',
  function: 'api',
  scopes: ['read:flows_vault_connections'],
  tag: 'Connectors',
  summary: 'List the apps a connection can be for',
  responses: {
    200: { description: 'The apps.', schema: z.array(connectorSchema) },
    ...errorResponses(...GUARDED),
  },
  async handle(_input, _ports: ApiPorts) {
    described ??= JSON.stringify(CONNECTORS.map(describeConnector))
    return { status: 200, body: described }
  },
})
