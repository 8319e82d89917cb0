import type { Connector } from './connector.ts'
import { assumed, BEARER_GRANT, baseUrl, CODE_FIELDS, SCOPE_FIELD, stated } from './shared-fields.ts'

/** Google Sheets: authorization code, offline; the refresh token stays the same. */
export const googleSheets: Connector = {
  appId: 'GOOGLE_SHEETS',
  label: 'Google Sheets',
  about: 'Spreadsheets of a Google account: add rows and read them.',
  category: 'productivity',
  setups: [
    {
      type: 'OAUTH_CODE',
      label: 'Sign in with Google',
      typeRequired: false,
      additionalProperties: true,
      fields: [...CODE_FIELDS, SCOPE_FIELD],
      scopeChoices: [
        { value: 'https://www.googleapis.com/auth/spreadsheets', label: 'Read and write all spreadsheets' },
        { value: 'https://www.googleapis.com/auth/spreadsheets.readonly', label: 'Read all spreadsheets' },
        {
          value: 'https://www.googleapis.com/auth/drive.file',
          label: 'Only files that this application made or was given',
        },
      ],
      accountName: 'OAuth',
      request: [BEARER_GRANT, baseUrl('https://sheets.googleapis.com')],
      credentialFields: { access_token: '{grant.access_token}' },
      grant: {
        kind: 'authorization-code',
        authorizationUrl: 'https://accounts.google.com/o/oauth2/v2/auth',
        tokenUrl: 'https://oauth2.googleapis.com/token',
        clientAuthentication: 'client_secret_post',
        client: { from: 'oauth-application' },
        bodyFormat: 'form',
        pkce: 'S256',
        scopes: {
          separator: ' ',
          default: ['https://www.googleapis.com/auth/spreadsheets'],
          requested: true,
          field: 'scope',
        },
        authorizationParameters: { access_type: 'offline', prompt: 'consent' },
        expiry: { zeroMeans: 'invalid', whenAbsent: { assumedSeconds: 3_600 } },
        refresh: {
          rotation: 'none',
          life: { seconds: 15_552_000, kind: 'rolling' },
        },
        revocation: {
          style: 'google',
          url: 'https://oauth2.googleapis.com/revoke',
          revokes: 'grant',
          ends: 'consent',
        },
        sources: {
          authorizationUrl: stated('Google Identity, OAuth 2.0 for web server applications'),
          tokenUrl: stated('Google Identity, OAuth 2.0 for web server applications'),
          clientAuthentication: stated('Google Identity, web server applications: id and secret in the body'),
          pkce: stated('Google Identity: S256 is supported'),
          'scopes.default': assumed('Google Sheets API, OAuth scopes'),
          authorizationParameters: stated(
            'Google Identity: offline access; consent brings the refresh token again',
          ),
          'expiry.whenAbsent': stated('Google Identity: tokens live about one hour'),
          'refresh.rotation': stated('Google Identity: a refresh usually answers without a refresh token'),
          'refresh.life': stated('Google Identity, refresh token expiration: six months without use'),
          revocation: stated('Google Identity, revoking a token: POST, ends the whole grant'),
        },
      },
      findAt: 'https://console.cloud.google.com/apis/credentials',
      example: { type: 'OAUTH_CODE', code: '4/0AfakeAuthorizationCode' },
    },
  ],
}
