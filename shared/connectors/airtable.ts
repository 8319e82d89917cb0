import type { Connector } from './connector.ts'
import { assumed, baseUrl, secretToken } from './shared-fields.ts'

/** Airtable: a personal access token as a bearer token. */
export const airtable: Connector = {
  appId: 'AIRTABLE',
  label: 'Airtable',
  about: 'Tables shared by a team: create, read, search and update records.',
  category: 'productivity',
  setups: [
    {
      type: 'API_KEY',
      label: 'Personal access token',
      typeRequired: true,
      additionalProperties: false,
      fields: [secretToken('api_key', 'Token', 'A personal access token; it starts with pat.')],
      accountName: 'API key {mask(api_key)}',
      request: [
        { place: 'header', name: 'Authorization', value: 'Bearer {api_key}' },
        baseUrl('https://api.airtable.com'),
      ],
      credentialFields: { api_key: '{api_key}' },
      test: {
        method: 'GET',
        url: 'https://api.airtable.com/v0/meta/whoami',
        refusedStatuses: [401],
        source: assumed('Airtable Web API, "Get user ID & scopes"'),
      },
      findAt: 'https://airtable.com/create/tokens',
      example: { type: 'API_KEY', api_key: 'patAbCdEf.0123456789' },
    },
  ],
}
