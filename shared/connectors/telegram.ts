import type { Connector } from './connector.ts'
import { assumed, baseUrl, secretToken } from './shared-fields.ts'

/** Telegram: the bot's token is part of the path, so the base URL is itself a secret. */
export const telegram: Connector = {
  appId: 'TELEGRAM',
  label: 'Telegram',
  about: 'Messages from a Telegram bot.',
  category: 'communication',
  setups: [
    {
      type: 'TOKEN',
      label: 'Bot token',
      typeRequired: true,
      additionalProperties: false,
      fields: [secretToken('token', 'Bot token', 'From @BotFather, such as 123456:ABC-DEF.')],
      accountName: 'Token {mask(token)}',
      request: [baseUrl('https://api.telegram.org/bot{path(token)}')],
      credentialFields: { token: '{token}' },
      test: {
        method: 'GET',
        url: 'https://api.telegram.org/bot{path(token)}/getMe',
        refusedStatuses: [401, 404],
        source: assumed('Telegram Bot API, getMe: 401 for a wrong token, 404 for one of a wrong shape'),
      },
      findAt: 'https://core.telegram.org/bots/features#botfather',
      example: { type: 'TOKEN', token: '123456:telegram-bot-token' },
    },
  ],
}
