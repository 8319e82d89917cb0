import type { Connector } from './connector.ts'

/** Anything else: up to 50 named values, each handed over by name and, if wanted, laid over a call. */
export const custom: Connector = {
  appId: 'CUSTOM',
  label: 'Custom values',
  about: 'Named secrets and settings of any service, such as database passwords or several headers.',
  category: 'generic',
  setups: [
    {
      type: 'CUSTOM',
      label: 'Named values',
      typeRequired: false,
      additionalProperties: false,
      fields: [
        {
          name: 'values',
          label: 'Values',
          help: 'Each has a name and a value. Through the API, in and as say in which header or parameter it travels.',
          secret: true,
          required: true,
          format: 'named-values',
        },
      ],
      accountName: '{names(values)}',
      request: [{ place: 'named-values', value: 'values' }],
      credentialFields: {},
      findAt: 'https://www.rfc-editor.org/rfc/rfc9110.html#name-fields',
      example: {
        type: 'CUSTOM',
        values: [
          { name: 'API_KEY', value: 'custom-key-0123456789', in: 'HEADER', as: 'X-Api-Key' },
          { name: 'BASE_URL', value: 'https://api.example.com/v1', secret: false, in: 'BASE_URL' },
          { name: 'DB_PASSWORD', value: 'correct horse battery' },
        ],
      },
    },
  ],
}
