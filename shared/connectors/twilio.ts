import type { Connector } from './connector.ts'
import { MAX_IDENTIFIER_CHARS } from './setup-limits.ts'
import { assumed, baseUrl, secretToken } from './shared-fields.ts'

/** Twilio: the account's identifier and a key by Basic authentication. */
export const twilio: Connector = {
  appId: 'TWILIO',
  label: 'Twilio',
  about: 'Text messages and telephone calls.',
  category: 'communication',
  setups: [
    {
      type: 'API_KEY',
      label: 'Account SID and token',
      typeRequired: true,
      additionalProperties: false,
      fields: [
        {
          name: 'account_id',
          label: 'Account SID',
          help: 'The account’s identifier; it starts with AC.',
          secret: false,
          required: true,
          format: 'visible-ascii',
          maxLength: MAX_IDENTIFIER_CHARS,
        },
        secretToken('api_key', 'Auth token', 'The auth token of the account.'),
      ],
      rules: [{ kind: 'no-colon', field: 'account_id' }],
      accountName: 'Account {mask(account_id)}',
      request: [
        { place: 'header', name: 'Authorization', value: 'Basic {basic(account_id,api_key)}' },
        baseUrl('https://api.twilio.com'),
      ],
      credentialFields: { account_id: '{account_id}', api_key: '{api_key}' },
      test: {
        method: 'GET',
        url: 'https://api.twilio.com/2010-04-01/Accounts/{path(account_id)}.json',
        refusedStatuses: [401],
        source: assumed('Twilio REST API, fetch an account'),
      },
      findAt: 'https://console.twilio.com/',
      example: {
        type: 'API_KEY',
        account_id: 'AC00000000000000000000000000000000',
        api_key: 'twilio-auth-token-000',
      },
    },
  ],
}
