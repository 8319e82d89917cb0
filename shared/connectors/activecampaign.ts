import type { Connector } from './connector.ts'
import { assumed, baseUrl, secretToken } from './shared-fields.ts'

/** ActiveCampaign: an API key in its own header, and a base URL per account. */
export const activecampaign: Connector = {
  appId: 'ACTIVECAMPAIGN',
  label: 'ActiveCampaign',
  about: 'Marketing automation and contacts: read, add and update contacts.',
  category: 'marketing',
  setups: [
    {
      type: 'API_KEY',
      label: 'API key',
      typeRequired: true,
      additionalProperties: false,
      fields: [
        secretToken('api_key', 'API key', 'The key shown under Settings, Developer.'),
        {
          name: 'base_url',
          label: 'API URL',
          help: 'The URL shown beside the key, such as https://acme.api-us1.com.',
          secret: false,
          required: true,
          format: 'https-url',
          called: true,
        },
      ],
      accountName: 'API key {mask(api_key)}',
      request: [{ place: 'header', name: 'Api-Token', value: '{api_key}' }, baseUrl('{base(base_url)}')],
      credentialFields: { api_key: '{api_key}', base_url: '{base(base_url)}' },
      test: {
        method: 'GET',
        url: '{base(base_url)}/api/3/users/me',
        refusedStatuses: [401, 403],
        source: assumed('ActiveCampaign API v3: a key without access is answered with 403'),
      },
      findAt: 'https://help.activecampaign.com/hc/en-us/articles/207317590-Getting-started-with-the-API',
      example: { type: 'API_KEY', api_key: 'ac-key-0123456789', base_url: 'https://acme.api-us1.com' },
    },
  ],
}
