import type { Connector, TestCall } from './connector.ts'
import {
  assumed,
  BEARER_GRANT,
  baseUrl,
  CODE_FIELDS,
  SCOPE_FIELD,
  secretToken,
  stated,
} from './shared-fields.ts'

const ACCOUNT_DETAILS: TestCall = {
  method: 'GET',
  url: 'https://api.hubapi.com/account-info/v3/details',
  refusedStatuses: [401],
  source: assumed('HubSpot developer pages, account information API'),
}

/** HubSpot: a private app's token, or authorization code. */
export const hubspot: Connector = {
  appId: 'HUBSPOT',
  label: 'HubSpot',
  about: 'Customer relations: enroll, read and update contacts.',
  category: 'crm',
  setups: [
    {
      type: 'API_KEY',
      label: 'Private app token',
      typeRequired: true,
      additionalProperties: false,
      fields: [
        secretToken(
          'api_key',
          'Access token',
          'The token of a private app; it starts with pat-. API keys are gone.',
        ),
      ],
      accountName: 'API key {mask(api_key)}',
      request: [
        { place: 'header', name: 'Authorization', value: 'Bearer {api_key}' },
        baseUrl('https://api.hubapi.com'),
      ],
      credentialFields: { api_key: '{api_key}' },
      test: ACCOUNT_DETAILS,
      findAt: 'https://developers.hubspot.com/docs/guides/apps/private-apps/overview',
      example: { type: 'API_KEY', api_key: 'hubspot-key-0123456789' },
    },
    {
      type: 'OAUTH_CODE',
      label: 'Sign in with HubSpot',
      typeRequired: false,
      additionalProperties: true,
      fields: [
        ...CODE_FIELDS,
        SCOPE_FIELD,
        {
          name: 'optional_scope',
          label: 'Optional scopes',
          help: 'Asked for, but left out without an error when the account has no right to them.',
          secret: false,
          required: false,
          format: 'scope-list',
        },
      ],
      scopeChoices: [
        { value: 'oauth', label: 'Connect at all', help: 'Needed by every application.' },
        { value: 'crm.objects.contacts.read', label: 'Read contacts' },
        { value: 'crm.objects.contacts.write', label: 'Create and change contacts' },
        { value: 'crm.objects.companies.read', label: 'Read companies' },
        { value: 'crm.objects.deals.read', label: 'Read deals' },
      ],
      accountName: 'OAuth',
      request: [BEARER_GRANT, baseUrl('https://api.hubapi.com')],
      credentialFields: { access_token: '{grant.access_token}' },
      grant: {
        kind: 'authorization-code',
        authorizationUrl: 'https://app.hubspot.com/oauth/authorize',
        tokenUrl: 'https://api.hubapi.com/oauth/v1/token',
        clientAuthentication: 'client_secret_post',
        client: { from: 'oauth-application' },
        bodyFormat: 'form',
        pkce: 'off',
        scopes: {
          separator: ' ',
          default: ['oauth', 'crm.objects.contacts.read', 'crm.objects.contacts.write'],
          requested: true,
          field: 'scope',
        },
        authorizationParameters: { optional_scope: '{optional_scope}' },
        expiry: { zeroMeans: 'invalid', whenAbsent: { assumedSeconds: 1_800 } },
        refresh: { rotation: 'none' },
        revocation: {
          style: 'delete-path',
          url: 'https://api.hubapi.com/oauth/v1/refresh-tokens',
          revokes: 'grant',
        },
        answer: { scopesUnstated: true },
        sources: {
          authorizationUrl: stated('Nango provider list'),
          tokenUrl: stated('HubSpot developer pages, OAuth token endpoint v1'),
          clientAuthentication: stated('HubSpot developer pages: id and secret in the form'),
          pkce: stated('Nango provider list: none needed'),
          'scopes.default': assumed('HubSpot developer pages: `oauth` and what the contact actions use'),
          authorizationParameters: stated('HubSpot developer pages, optional_scope'),
          'expiry.whenAbsent': stated('HubSpot changelog: 30 minutes, and not to be hard-coded'),
          'refresh.rotation': assumed(
            'HubSpot developer pages: refresh tokens live until the app is removed',
          ),
          revocation: assumed('HubSpot developer pages: DELETE of the refresh token'),
          'answer.scopesUnstated': assumed('HubSpot answers v1 token requests without scopes'),
        },
      },
      test: ACCOUNT_DETAILS,
      findAt: 'https://developers.hubspot.com/docs/guides/apps/authentication/working-with-oauth',
      example: { type: 'OAUTH_CODE', code: '4/0AfakeAuthorizationCode' },
    },
  ],
}
