import type { Connector } from './connector.ts'
import { assumed, baseUrl, secretToken } from './shared-fields.ts'

/** Mailjet: a key pair by Basic authentication. */
export const mailjet: Connector = {
  appId: 'MAILJET',
  label: 'Mailjet',
  about: 'Transactional e-mail: send messages and templates.',
  category: 'marketing',
  setups: [
    {
      type: 'API_KEY',
      label: 'API key pair',
      typeRequired: true,
      additionalProperties: false,
      fields: [
        secretToken('api_key', 'API key', 'The first of the two keys.'),
        secretToken('secret_key', 'Secret key', 'The second of the two keys.'),
      ],
      rules: [{ kind: 'no-colon', field: 'api_key' }],
      accountName: 'API key {mask(api_key)}',
      request: [
        { place: 'header', name: 'Authorization', value: 'Basic {basic(api_key,secret_key)}' },
        baseUrl('https://api.mailjet.com'),
      ],
      credentialFields: { api_key: '{api_key}', secret_key: '{secret_key}' },
      test: {
        method: 'GET',
        url: 'https://api.mailjet.com/v3/REST/myprofile',
        refusedStatuses: [401],
        source: assumed('Mailjet API v3 reference, account settings: /myprofile'),
      },
      findAt: 'https://app.mailjet.com/account/apikeys',
      example: { type: 'API_KEY', api_key: 'mj-public-0123456789', secret_key: 'mj-private-0123456789' },
    },
  ],
}
