import * as z from 'zod/mini'
import { findConnector } from '../../../shared/connectors/catalogue.ts'
import { CATEGORIES } from '../../../shared/connectors/categories.ts'
import { listPreset } from '../../../shared/connectors/presets/describe-preset.ts'
import { presetsOf } from '../../../shared/connectors/presets/pick-preset-setup.ts'
import { VaultError } from '../../../shared/domain/errors.ts'
import { defineRoute } from '../../route.ts'
import { errorResponses, GUARDED } from '../common-schemas.ts'
import type { ApiPorts } from '../ports.ts'
import { appIdPath } from './get-connector.ts'

const MAX_Q_LENGTH = 150
const IDS = Object.keys(CATEGORIES) as [string, ...string[]]

/** What chooses a service, in a list of some two hundred. */
export const listedPresetSchema = z.object({
  provider: z.string(),
  label: z.string(),
  category: z.string(),
  types: z.array(z.string()),
})

/** The services of an app that have a name, by label. */
export const listPresetsRoute = defineRoute({
  name: 'list-presets',
  method: 'GET',
  path: '/api/v2/flows/vault/connectors/{app_id}/presets',
  function: 'api',
  scopes: ['read:flows_vault_connections'],
  tag: 'Connectors',
  summary: 'List the services that have a name in an app',
  description:
    'A setup of `OAUTH2` or `HTTP` may say `provider` in place of the addresses, or of the place of the key. They change with a new version of the vault only, so the list may be kept for an hour.',
  pathSchema: appIdPath,
  querySchema: z.strictObject({
    q: z.optional(z.string().check(z.minLength(1), z.maxLength(MAX_Q_LENGTH))),
    category: z.optional(z.enum(IDS)),
  }),
  responses: {
    200: { description: 'The services.', schema: z.array(listedPresetSchema) },
    ...errorResponses(...GUARDED, 404),
  },
  async handle({ path, query }, _ports: ApiPorts) {
    const connector = findConnector(path.app_id)
    if (connector === undefined) throw new VaultError('not-found', 'Connector not found')
    const part = query.q?.toLowerCase() ?? ''
    const presets = presetsOf(connector).filter(
      ({ id, label, category }) =>
        (id.includes(part) || label.toLowerCase().includes(part)) &&
        (query.category === undefined || query.category === category),
    )
    return { status: 200, headers: KEPT, body: presets.map((preset) => listPreset(connector, preset)) }
  },
})

/** For as long as a page is open; a browser's own copy, because the answer is behind a token. */
export const KEPT = { 'cache-control': 'private, max-age=3600' }
