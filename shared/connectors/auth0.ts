import type { Connector } from './connector.ts'
import { MAX_IDENTIFIER_CHARS } from './setup-limits.ts'
import { assumed, BEARER_GRANT, baseUrl, stated } from './shared-fields.ts'

/** Auth0: a machine-to-machine application whose tokens are minted by client credentials. */
export const auth0: Connector = {
  appId: 'AUTH0',
  label: 'Auth0',
  about: 'The Management API of an Auth0 tenant: users, metadata, e-mails and more.',
  category: 'identity',
  setups: [
    {
      type: 'OAUTH_APP',
      label: 'Machine-to-machine application',
      typeRequired: true,
      additionalProperties: false,
      fields: [
        {
          name: 'client_id',
          label: 'Client ID',
          help: 'Shown on the settings page of the application.',
          secret: false,
          required: true,
          format: 'single-line',
          maxLength: MAX_IDENTIFIER_CHARS,
        },
        {
          name: 'client_secret',
          label: 'Client secret',
          help: 'Shown on the settings page of the application.',
          secret: true,
          required: true,
          format: 'single-line',
        },
        {
          name: 'domain',
          label: 'Domain',
          help: 'The tenant’s domain without https://, such as acme.eu.auth0.com.',
          secret: false,
          required: true,
          format: 'hostname',
          called: true,
        },
        {
          name: 'audience',
          label: 'Audience',
          help: 'The API to get tokens for. Leave it out for the Management API of the domain.',
          secret: false,
          required: false,
          format: 'https-url',
          minLength: 1,
        },
      ],
      accountName: '{domain}',
      request: [BEARER_GRANT, baseUrl('https://{domain}')],
      credentialFields: { access_token: '{grant.access_token}', domain: '{domain}' },
      grant: {
        kind: 'client-credentials',
        tokenUrl: 'https://{domain}/oauth/token',
        clientAuthentication: 'client_secret_post',
        client: { from: 'setup', id: 'client_id', secret: 'client_secret' },
        bodyFormat: 'form',
        pkce: 'off',
        scopes: { separator: ' ', default: [], requested: false },
        tokenParameters: { audience: ['{audience}', 'https://{domain}/api/v2/'] },
        expiry: { zeroMeans: 'invalid', whenAbsent: { assumedSeconds: 86_400 } },
        refresh: { rotation: 'no-refresh' },
        sources: {
          tokenUrl: stated('node-auth0, the client-credentials call of its Management API client'),
          clientAuthentication: assumed('Auth0 docs, application settings: Post is the usual method'),
          bodyFormat: stated('node-auth0: the token endpoint takes a form as well as JSON'),
          scopes: assumed(
            'Auth0 docs, machine-to-machine: the scopes granted to the application are all given',
          ),
          tokenParameters: stated('Auth0 API schema: the audience of this setup is optional'),
          'expiry.whenAbsent': assumed('Auth0 docs, access token lifetime: 86,400 s by default'),
          'refresh.rotation': stated('RFC 6749 §4.4.3: client credentials bring no refresh token'),
        },
      },
      findAt: 'https://manage.auth0.com/#/applications',
      example: {
        type: 'OAUTH_APP',
        client_id: 'AbCdEfGh01234567',
        client_secret: 's3cr3t-m2m-value-000',
        domain: 'acme.eu.auth0.com',
        audience: 'https://acme.eu.auth0.com/api/v2/',
      },
    },
  ],
}
