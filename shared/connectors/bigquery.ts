import type { Connector } from './connector.ts'
import { EXAMPLE_KEY } from './example-key.ts'
import { assumed, BEARER_GRANT, baseUrl, optionalIdentifier, stated } from './shared-fields.ts'

/** BigQuery: a Google service account whose tokens are minted by a signed assertion (RFC 7523). */
export const bigquery: Connector = {
  appId: 'BIGQUERY',
  label: 'BigQuery',
  about: 'Google’s data warehouse: insert rows and run queries as a service account.',
  category: 'data',
  setups: [
    {
      type: 'OAUTH_JWT',
      label: 'Service account key',
      typeRequired: false,
      additionalProperties: false,
      fields: [
        optionalIdentifier('project_id', 'Project ID', 'project_id in the key file of the service account.'),
        {
          name: 'private_key',
          label: 'Private key',
          help: 'private_key in the key file, from -----BEGIN PRIVATE KEY----- to the end.',
          secret: true,
          required: false,
          format: 'pem-private-key',
          signs: 'rs256-assertion',
        },
        {
          name: 'client_email',
          label: 'Service account e-mail',
          help: 'client_email in the key file.',
          secret: false,
          required: false,
          format: 'email',
        },
      ],
      fillFrom: {
        label: 'The key file of the service account',
        format: 'json',
        members: { project_id: 'project_id', private_key: 'private_key', client_email: 'client_email' },
      },
      accountName: ['{client_email}', '{project_id}'],
      request: [BEARER_GRANT, baseUrl('https://bigquery.googleapis.com')],
      credentialFields: {
        access_token: '{grant.access_token}',
        project_id: '{project_id}',
        client_email: '{client_email}',
      },
      grant: {
        kind: 'jwt-bearer',
        tokenUrl: 'https://oauth2.googleapis.com/token',
        clientAuthentication: 'none',
        client: { from: 'setup', id: 'client_email', secret: 'private_key' },
        bodyFormat: 'form',
        pkce: 'off',
        scopes: {
          separator: ' ',
          default: ['https://www.googleapis.com/auth/bigquery'],
          requested: true,
        },
        assertion: {
          issuer: '{client_email}',
          key: 'private_key',
          audience: 'https://oauth2.googleapis.com/token',
          scope: 'https://www.googleapis.com/auth/bigquery',
          lifeSeconds: 3_600,
        },
        requires: ['private_key', 'client_email'],
        expiry: { zeroMeans: 'invalid', whenAbsent: { assumedSeconds: 3_600 } },
        refresh: { rotation: 'no-refresh' },
        answer: { scopesUnstated: true },
        sources: {
          tokenUrl: stated('Google Identity, OAuth 2.0 for server-to-server applications'),
          clientAuthentication: stated(
            'RFC 7523 §2.1: the assertion is the grant, the client is not authenticated',
          ),
          'scopes.default': assumed('Google BigQuery API, OAuth scopes'),
          'assertion.audience': stated('Google Identity, server-to-server: aud is the token endpoint'),
          'assertion.lifeSeconds': stated('Google Identity, server-to-server: at most one hour after iat'),
          'expiry.whenAbsent': stated('Google Identity, server-to-server: tokens live one hour'),
          'refresh.rotation': stated('Google Identity, server-to-server: a new assertion is signed instead'),
          'answer.scopesUnstated': assumed('Google answers an assertion with token, type and expiry only'),
        },
      },
      test: {
        method: 'GET',
        url: 'https://bigquery.googleapis.com/bigquery/v2/projects/{path(project_id)}/datasets?maxResults=1',
        refusedStatuses: [401],
        source: assumed('BigQuery REST reference, datasets.list'),
      },
      findAt: 'https://console.cloud.google.com/iam-admin/serviceaccounts',
      example: {
        type: 'OAUTH_JWT',
        project_id: 'acme-analytics',
        private_key: EXAMPLE_KEY,
        client_email: 'svc@acme-analytics.iam.gserviceaccount.com',
      },
    },
  ],
}
