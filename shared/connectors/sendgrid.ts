import type { Connector } from './connector.ts'
import { assumed, baseUrl, secretToken } from './shared-fields.ts'

/** SendGrid: an API key as a bearer token. */
export const sendgrid: Connector = {
  appId: 'SENDGRID',
  label: 'SendGrid',
  about: 'Transactional e-mail: send messages.',
  category: 'marketing',
  setups: [
    {
      type: 'API_KEY',
      label: 'API key',
      typeRequired: true,
      additionalProperties: false,
      fields: [secretToken('api_key', 'API key', 'Shown once, when the key is made; it starts with SG.')],
      accountName: 'API key {mask(api_key)}',
      request: [
        { place: 'header', name: 'Authorization', value: 'Bearer {api_key}' },
        baseUrl('https://api.sendgrid.com'),
      ],
      credentialFields: { api_key: '{api_key}' },
      test: {
        method: 'GET',
        url: 'https://api.sendgrid.com/v3/scopes',
        refusedStatuses: [401],
        source: assumed('Twilio SendGrid API reference, retrieve the scopes of a key'),
      },
      findAt: 'https://app.sendgrid.com/settings/api_keys',
      example: { type: 'API_KEY', api_key: 'SG.fake.0123456789' },
    },
  ],
}
