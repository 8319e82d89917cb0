import * as z from 'zod/mini'
import { findConnector } from '../../../shared/connectors/catalogue.ts'
import { describePreset } from '../../../shared/connectors/presets/describe-preset.ts'
import { presetSetups } from '../../../shared/connectors/presets/pick-preset-setup.ts'
import { findPreset } from '../../../shared/connectors/presets/preset-list.ts'
import { VaultError } from '../../../shared/domain/errors.ts'
import { defineRoute } from '../../route.ts'
import { errorResponses, GUARDED } from '../common-schemas.ts'
import type { ApiPorts } from '../ports.ts'
import { appIdPath } from './get-connector.ts'
import { KEPT, listedPresetSchema } from './list-presets.ts'

const MAX_PROVIDER_LENGTH = 55

/** One named service of an app, with the fields of its setups and where each fact comes from. */
export const getPresetRoute = defineRoute({
  name: 'get-preset',
  method: 'GET',
  path: '/api/v2/flows/vault/connectors/{app_id}/presets/{provider}',
  function: 'api',
  scopes: ['read:flows_vault_connections'],
  tag: 'Connectors',
  summary: 'Get a named service, with the fields of its setups',
  pathSchema: z.extend(appIdPath, { provider: z.string().check(z.maxLength(MAX_PROVIDER_LENGTH)) }),
  responses: {
    200: {
      description: 'The service: fields, endpoints, oddities, and who says so.',
      schema: z.extend(listedPresetSchema, {
        category_label: z.string(),
        documentation: z.string(),
        setups: z.array(z.looseObject({ type: z.string(), label: z.string() })),
        oauth: z.optional(z.looseObject({ token_url: z.string() })),
        notes: z.array(z.string()),
        differences: z.array(z.looseObject({ reason: z.string() })),
        sources: z.array(z.string()),
        assumed: z.array(z.string()),
      }),
    },
    ...errorResponses(...GUARDED, 404),
  },
  async handle({ path }, _ports: ApiPorts) {
    const connector = findConnector(path.app_id)
    const preset = findPreset(path.provider)
    if (connector === undefined || preset === undefined || presetSetups(connector, preset).length === 0) {
      throw new VaultError('not-found', 'Preset not found')
    }
    return { status: 200, headers: KEPT, body: describePreset(connector, preset) }
  },
})
