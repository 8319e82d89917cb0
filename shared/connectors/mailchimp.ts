import type { Connector } from './connector.ts'
import { assumed, BEARER_GRANT, baseUrl, CODE_FIELDS, secretToken, stated } from './shared-fields.ts'

const HOSTS = ['api.mailchimp.com']

/** Mailchimp: an API key that names its data centre, or an access token that never expires. */
export const mailchimp: Connector = {
  appId: 'MAILCHIMP',
  label: 'Mailchimp',
  about: 'E-mail campaigns: add and update members of an audience.',
  category: 'marketing',
  setups: [
    {
      type: 'API_KEY',
      label: 'API key',
      typeRequired: true,
      additionalProperties: false,
      fields: [
        secretToken(
          'secret_key',
          'API key',
          'The whole key, with the data centre at its end, such as -us21.',
        ),
      ],
      accountName: 'API key {mask(secret_key)}',
      request: [
        { place: 'header', name: 'Authorization', value: 'Bearer {secret_key}' },
        baseUrl('https://{after-last(-,secret_key)}.api.mailchimp.com', HOSTS),
      ],
      credentialFields: { secret_key: '{secret_key}', data_center: '{after-last(-,secret_key)}' },
      test: {
        method: 'GET',
        url: 'https://{after-last(-,secret_key)}.api.mailchimp.com/3.0/ping',
        refusedStatuses: [401],
        source: assumed('Mailchimp Marketing API, ping'),
      },
      findAt: 'https://admin.mailchimp.com/account/api/',
      example: { type: 'API_KEY', secret_key: '0123456789abcdef-us21' },
    },
    {
      type: 'OAUTH_CODE',
      label: 'Sign in with Mailchimp',
      typeRequired: false,
      additionalProperties: true,
      fields: CODE_FIELDS,
      accountName: 'OAuth',
      request: [BEARER_GRANT, baseUrl('https://{grant.extra.dc}.api.mailchimp.com', HOSTS)],
      credentialFields: { access_token: '{grant.access_token}', data_center: '{grant.extra.dc}' },
      grant: {
        kind: 'authorization-code',
        authorizationUrl: 'https://login.mailchimp.com/oauth2/authorize',
        tokenUrl: 'https://login.mailchimp.com/oauth2/token',
        clientAuthentication: 'client_secret_post',
        client: { from: 'oauth-application' },
        bodyFormat: 'form',
        pkce: 'off',
        scopes: { separator: ' ', default: [], requested: false },
        expiry: { zeroMeans: 'never', whenAbsent: 'never' },
        refresh: { rotation: 'no-refresh' },
        answer: {
          metadataCall: {
            url: 'https://login.mailchimp.com/oauth2/metadata',
            authorization: 'OAuth {grant.access_token}',
            members: ['dc'],
          },
          scopesUnstated: true,
        },
        sources: {
          authorizationUrl: stated('Nango provider list'),
          tokenUrl: stated('Nango provider list'),
          clientAuthentication: assumed('Mailchimp developer pages, OAuth 2: id and secret in the form'),
          pkce: assumed('Mailchimp developer pages, OAuth 2: none'),
          scopes: assumed('Mailchimp has no scopes'),
          'expiry.zeroMeans': assumed(
            'Mailchimp developer pages, OAuth 2: expires_in 0, tokens do not expire',
          ),
          'expiry.whenAbsent': assumed('Mailchimp developer pages, OAuth 2: tokens do not expire'),
          'refresh.rotation': assumed('Mailchimp developer pages, OAuth 2: no refresh token'),
          'answer.metadataCall': stated('Nango provider list: the metadata call tells the data centre'),
          'answer.scopesUnstated': assumed('Mailchimp has no scopes'),
        },
      },
      test: {
        method: 'GET',
        url: 'https://{grant.extra.dc}.api.mailchimp.com/3.0/ping',
        refusedStatuses: [401],
        source: assumed('Mailchimp Marketing API, ping'),
      },
      findAt: 'https://admin.mailchimp.com/account/oauth2/',
      example: { type: 'OAUTH_CODE', code: '4/0AfakeAuthorizationCode' },
    },
  ],
}
