import type { Connector } from './connector.ts'
import { assumed, baseUrl, secretToken } from './shared-fields.ts'

/** WhatsApp: a system user's token at Meta's Graph API. Flows put the API version into the path. */
export const whatsapp: Connector = {
  appId: 'WHATSAPP',
  label: 'WhatsApp',
  about: 'Messages from a WhatsApp business account.',
  category: 'communication',
  setups: [
    {
      type: 'TOKEN',
      label: 'Access token',
      typeRequired: true,
      additionalProperties: false,
      fields: [
        secretToken(
          'token',
          'Access token',
          'Of a system user, made without an end: others die after 60 days.',
        ),
      ],
      accountName: 'Token {mask(token)}',
      request: [
        { place: 'header', name: 'Authorization', value: 'Bearer {token}' },
        baseUrl('https://graph.facebook.com'),
      ],
      credentialFields: { token: '{token}' },
      test: {
        method: 'GET',
        url: 'https://graph.facebook.com/me',
        refusedStatuses: [400, 401],
        source: assumed('Meta Graph API, /me: a dead token is error 190, answered with 400 or 401'),
      },
      findAt: 'https://business.facebook.com/settings/system-users',
      example: { type: 'TOKEN', token: 'EAAGwhatsapptoken000' },
    },
  ],
}
