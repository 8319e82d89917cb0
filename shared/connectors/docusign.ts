import type { Connector } from './connector.ts'
import {
  assumed,
  BEARER_GRANT,
  baseUrl,
  CODE_FIELDS,
  environmentField,
  SCOPE_FIELD,
  stated,
} from './shared-fields.ts'

/** DocuSign: authorization code; the account's base URL comes from a call after the sign-in. */
export const docusign: Connector = {
  appId: 'DOCUSIGN',
  label: 'DocuSign',
  about: 'Electronic signatures: create and follow envelopes.',
  category: 'storage',
  setups: [
    {
      type: 'OAUTH_CODE',
      label: 'Sign in with DocuSign',
      typeRequired: false,
      additionalProperties: true,
      fields: [
        ...CODE_FIELDS,
        SCOPE_FIELD,
        environmentField('Production, or the demo system for developers (sandbox).', [
          'production',
          'sandbox',
        ]),
      ],
      scopeChoices: [
        { value: 'signature', label: 'Send and sign envelopes' },
        {
          value: 'extended',
          label: 'Stay signed in: the grant is kept alive by use',
          help: 'Has to be in the first request.',
        },
        { value: 'impersonation', label: 'Act for other users of the account' },
      ],
      accountName: ['OAuth {label(environment)}', 'OAuth'],
      request: [BEARER_GRANT, baseUrl('{base(grant.extra.base_uri)}', ['docusign.net'])],
      credentialFields: {
        access_token: '{grant.access_token}',
        account_id: '{grant.extra.account_id}',
        base_uri: '{grant.extra.base_uri}',
      },
      grant: {
        kind: 'authorization-code',
        authorizationUrl: [
          '{when(environment,sandbox)}https://account-d.docusign.com/oauth/auth',
          'https://account.docusign.com/oauth/auth',
        ],
        tokenUrl: [
          '{when(environment,sandbox)}https://account-d.docusign.com/oauth/token',
          'https://account.docusign.com/oauth/token',
        ],
        clientAuthentication: 'client_secret_basic',
        client: { from: 'oauth-application' },
        bodyFormat: 'form',
        pkce: 'S256',
        scopes: { separator: ' ', default: ['signature', 'extended'], requested: true, field: 'scope' },
        expiry: { zeroMeans: 'invalid', whenAbsent: { assumedSeconds: 28_800 } },
        refresh: { rotation: 'single-use', life: { seconds: 2_592_000, kind: 'rolling' } },
        answer: {
          metadataCall: {
            url: [
              '{when(environment,sandbox)}https://account-d.docusign.com/oauth/userinfo',
              'https://account.docusign.com/oauth/userinfo',
            ],
            authorization: 'Bearer {grant.access_token}',
            members: ['account_id', 'base_uri'],
            entry: { list: 'accounts', flag: 'is_default' },
          },
          scopesUnstated: true,
        },
        sources: {
          authorizationUrl: stated(
            'Nango provider list: account.docusign.com, account-d for the demo system',
          ),
          tokenUrl: stated('Nango provider list: the same hosts'),
          clientAuthentication: stated('DocuSign developer pages: integration key and secret by Basic'),
          pkce: stated('DocuSign developer blog: the authorization code grant takes a challenge, by SHA-256'),
          'scopes.default': stated('DocuSign developer pages: `extended` has to be in the first request'),
          'expiry.whenAbsent': assumed('DocuSign developer pages: 8 h for the authorization code grant'),
          'refresh.rotation': stated('DocuSign developer pages: each refresh returns a new refresh token'),
          'refresh.life': stated('DocuSign developer pages: 30 days, starting anew only with `extended`'),
          'answer.metadataCall': assumed(
            'DocuSign developer pages: /oauth/userinfo lists accounts and base URIs',
          ),
          'answer.scopesUnstated': assumed('DocuSign answers without the granted scopes'),
        },
      },
      test: {
        method: 'GET',
        url: [
          '{when(environment,sandbox)}https://account-d.docusign.com/oauth/userinfo',
          'https://account.docusign.com/oauth/userinfo',
        ],
        refusedStatuses: [401],
        source: assumed('DocuSign developer pages, /oauth/userinfo'),
      },
      findAt: 'https://admindemo.docusign.com/apps-and-keys',
      example: { type: 'OAUTH_CODE', code: '4/0AfakeAuthorizationCode' },
    },
  ],
}
