import type { Connector } from './connector.ts'

/** Zapier: the webhook of a Zap. There is no harmless call: each one runs the Zap. */
export const zapier: Connector = {
  appId: 'ZAPIER',
  label: 'Zapier',
  about: 'Starts a Zap by its webhook.',
  category: 'productivity',
  setups: [
    {
      type: 'WEBHOOK',
      label: 'Webhook',
      typeRequired: true,
      additionalProperties: false,
      fields: [
        {
          name: 'url',
          label: 'Webhook URL',
          help: 'From the trigger “Webhooks by Zapier”. Whoever has it can run the Zap.',
          secret: true,
          required: true,
          format: 'https-url',
        },
      ],
      accountName: 'Webhook {mask(url)}',
      request: [{ place: 'url', value: '{url}' }],
      webhookBody: 'text-and-event',
      credentialFields: { url: '{url}' },
      findAt: 'https://help.zapier.com/hc/en-us/articles/8496288690317',
      example: { type: 'WEBHOOK', url: 'https://hooks.zapier.com/hooks/catch/1/abc' },
    },
  ],
}
