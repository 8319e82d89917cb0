import type { Connector, TestCall } from './connector.ts'
import {
  assumed,
  BEARER_GRANT,
  baseUrl,
  CODE_FIELDS,
  environmentField,
  SCOPE_FIELD,
  secretToken,
  stated,
} from './shared-fields.ts'

const BALANCE: TestCall = {
  method: 'GET',
  url: 'https://api.stripe.com/v1/balance',
  refusedStatuses: [401],
  source: assumed('Stripe API reference, retrieve balance'),
}

/** Stripe: a key pair, or a connected account by authorization code. */
export const stripe: Connector = {
  appId: 'STRIPE',
  label: 'Stripe',
  about: 'Payments: create, find and update customers, tax ids and portal sessions.',
  category: 'finance',
  setups: [
    {
      type: 'KEY_PAIR',
      label: 'Key pair',
      typeRequired: true,
      additionalProperties: false,
      fields: [
        secretToken('private_key', 'Secret key', 'The secret or restricted key; it starts with sk_ or rk_.'),
        {
          name: 'public_key',
          label: 'Publishable key',
          help: 'It starts with pk_.',
          secret: false,
          required: true,
          format: 'visible-ascii',
        },
      ],
      accountName: 'Key pair {mask(public_key)}',
      request: [
        { place: 'header', name: 'Authorization', value: 'Bearer {private_key}' },
        baseUrl('https://api.stripe.com'),
      ],
      credentialFields: { private_key: '{private_key}', public_key: '{public_key}' },
      test: BALANCE,
      findAt: 'https://dashboard.stripe.com/apikeys',
      example: { type: 'KEY_PAIR', private_key: 'sk_test_0123456789', public_key: 'pk_test_0123456789' },
    },
    {
      type: 'OAUTH_CODE',
      label: 'Connect with Stripe',
      typeRequired: false,
      additionalProperties: true,
      fields: [
        ...CODE_FIELDS,
        SCOPE_FIELD,
        environmentField('Live or test mode: the one of the platform’s secret key.', ['live', 'test']),
      ],
      scopeChoices: [
        { value: 'read_write', label: 'Read and change everything' },
        { value: 'read_only', label: 'Read everything' },
      ],
      accountName: ['OAuth {label(environment)}', 'OAuth'],
      request: [BEARER_GRANT, baseUrl('https://api.stripe.com')],
      credentialFields: {
        access_token: '{grant.access_token}',
        stripe_user_id: '{grant.extra.stripe_user_id}',
        public_key: '{grant.extra.stripe_publishable_key}',
        livemode: '{grant.extra.livemode}',
      },
      grant: {
        kind: 'authorization-code',
        authorizationUrl: 'https://connect.stripe.com/oauth/authorize',
        tokenUrl: 'https://connect.stripe.com/oauth/token',
        clientAuthentication: 'client_secret_post',
        client: { from: 'oauth-application' },
        bodyFormat: 'form',
        pkce: 'off',
        scopes: { separator: ' ', default: ['read_write'], requested: true, field: 'scope' },
        expiry: { zeroMeans: 'invalid', whenAbsent: 'never' },
        refresh: { rotation: 'none' },
        revocation: {
          style: 'stripe-deauthorize',
          url: 'https://connect.stripe.com/oauth/deauthorize',
          revokes: 'grant',
          ends: 'consent',
        },
        answer: { extra: ['stripe_user_id', 'stripe_publishable_key', 'livemode'] },
        sources: {
          authorizationUrl: stated('Nango provider list, Stripe Connect'),
          tokenUrl: stated('Nango provider list, Stripe Connect'),
          clientAuthentication: assumed('Stripe Connect OAuth reference: the secret key as client_secret'),
          pkce: assumed('Stripe Connect OAuth reference: none'),
          'scopes.default': assumed('Stripe Connect OAuth reference: read_only or read_write; flows write'),
          'expiry.whenAbsent': assumed('Stripe Connect OAuth reference: access tokens do not expire'),
          'refresh.rotation': assumed(
            'Stripe Connect OAuth reference: refreshing only changes mode or scope',
          ),
          revocation: assumed('Stripe Connect OAuth reference, deauthorize'),
          'answer.extra': assumed('Stripe Connect OAuth reference, token response'),
        },
      },
      test: BALANCE,
      findAt: 'https://dashboard.stripe.com/settings/connect',
      example: { type: 'OAUTH_CODE', code: '4/0AfakeAuthorizationCode' },
    },
  ],
}
