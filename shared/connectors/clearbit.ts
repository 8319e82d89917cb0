import type { Connector } from './connector.ts'
import { secretToken } from './shared-fields.ts'

/** Clearbit: a secret key as a bearer token. Its hosts differ by product, so none is handed over. */
export const clearbit: Connector = {
  appId: 'CLEARBIT',
  label: 'Clearbit',
  about: 'Facts about people and companies by e-mail address or domain.',
  category: 'data',
  setups: [
    {
      type: 'API_KEY',
      label: 'Secret key',
      typeRequired: true,
      additionalProperties: false,
      fields: [secretToken('secret_key', 'Secret key', 'The secret API key; it starts with sk_.')],
      accountName: 'API key {mask(secret_key)}',
      request: [{ place: 'header', name: 'Authorization', value: 'Bearer {secret_key}' }],
      credentialFields: { secret_key: '{secret_key}' },
      findAt: 'https://dashboard.clearbit.com/api',
      example: { type: 'API_KEY', secret_key: 'sk_clearbit_0123456789' },
    },
  ],
}
