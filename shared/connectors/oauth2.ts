import type { Connector, Field, Setup } from './connector.ts'
import {
  AUTHENTICATION_FIELDS,
  AUTHENTICATION_RULES,
  BASE_URL,
  CHOICES,
  CLIENT_ASSERTION,
  CLIENT_FIELDS,
  CODE_REQUEST_FIELDS,
  GRANT_TYPE,
  RESOURCE,
  SCOPE_SEPARATOR,
  TOKEN_REQUEST_FIELDS,
} from './oauth2-fields.ts'
import {
  assumed,
  BEARER_GRANT,
  baseUrl,
  CODE_FIELDS,
  optionalIdentifier,
  SCOPE_FIELD,
  stated,
} from './shared-fields.ts'

const TOKEN_URL: Field = {
  ...urlField('token_url', 'Token URL', 'The token endpoint of the provider.', true),
  called: true,
}
const REVOCATION_URL: Field = {
  ...urlField('revocation_url', 'Revocation URL', 'Called when the connection is deleted (RFC 7009).', false),
  called: true,
}
const USERINFO_URL: Field = {
  ...urlField(
    'userinfo_url',
    'User info URL',
    'Asked once who authorized (OpenID Connect Core §5.3).',
    false,
  ),
  called: true,
}
const AUDIENCE = optionalIdentifier(
  'audience',
  'Audience',
  'The API the token is for, where the provider wants it.',
)

const CLIENT = {
  from: 'setup',
  id: 'client_id',
  secret: 'client_secret',
  application: 'oauth_app_id',
} as const

const COMMON_SOURCES = {
  tokenUrl: stated('The person’s own'),
  clientAuthentication: stated('RFC 8414 §2: client_secret_basic where nothing is said'),
  bodyFormat: stated('RFC 6749 §4.1.3 and §4.4.2: a form'),
  'expiry.whenAbsent': assumed('One hour, the most common life; RFC 6749 §5.1 only recommends expires_in'),
}

const authorizationCode: Setup = {
  type: 'AUTHORIZATION_CODE',
  presets: 'authorization-code',
  label: 'Authorization code',
  typeRequired: true,
  additionalProperties: false,
  fields: [
    ...CLIENT_FIELDS,
    urlField('authorization_url', 'Authorization URL', 'The page where a person allows access.', true),
    TOKEN_URL,
    REVOCATION_URL,
    USERINFO_URL,
    SCOPE_FIELD,
    SCOPE_SEPARATOR,
    AUDIENCE,
    RESOURCE,
    urlField('issuer', 'Issuer', 'The issuer the provider names in its answers (RFC 9207).', false),
    ...AUTHENTICATION_FIELDS,
    BASE_URL,
    ...CODE_REQUEST_FIELDS,
    ...TOKEN_REQUEST_FIELDS,
    ...CODE_FIELDS,
  ],
  rules: AUTHENTICATION_RULES,
  accountName: 'OAuth {mask(client_id)}',
  request: [BEARER_GRANT, baseUrl('{fill(base_url)}')],
  credentialFields: { access_token: '{grant.access_token}' },
  extraFields: true,
  grant: {
    kind: 'authorization-code',
    authorizationUrl: '{authorization_url}',
    tokenUrl: '{token_url}',
    issuer: '{issuer}',
    clientAuthentication: 'client_secret_basic',
    clientAuthenticationField: 'token_endpoint_auth_method',
    clientAssertion: CLIENT_ASSERTION,
    choices: CHOICES,
    client: CLIENT,
    bodyFormat: 'form',
    pkce: 'S256',
    scopes: { separator: ' ', default: [], requested: true, field: 'scope' },
    authorizationParameters: { audience: '{audience}', resource: '{resource}' },
    tokenParameters: { resource: '{resource}' },
    expiry: {
      zeroMeans: 'invalid',
      whenAbsent: { assumedSeconds: 3_600, onlyIfRenewable: true },
    },
    refresh: { rotation: 'optional' },
    revocation: { style: 'rfc7009', url: '{revocation_url}', revokes: 'grant' },
    identity: { url: '{userinfo_url}' },
    sources: {
      ...COMMON_SOURCES,
      authorizationUrl: stated('The person’s own'),
      pkce: stated('RFC 9700 §2.1.1; servers ignore parameters they do not know (RFC 6749 §3.1)'),
      authorizationParameters: assumed('Auth0 and others read the audience from the authorization request'),
      tokenParameters: stated('RFC 8707 §2.2: resource in every request of the grant'),
      identity: stated('OpenID Connect Core §5.3; the person’s own'),
      'refresh.rotation': stated('RFC 6749 §6: the server may issue a new refresh token'),
      revocation: stated('RFC 7009 §2.1: revoking the refresh token ends the grant'),
    },
  },
  findAt: 'https://www.rfc-editor.org/rfc/rfc6749.html#section-4.1',
  example: {
    type: 'AUTHORIZATION_CODE',
    client_id: 'oauth2-client-000',
    client_secret: 'oauth2-secret-000',
    authorization_url: 'https://idp.example.com/authorize',
    token_url: 'https://idp.example.com/token',
    scope: 'read write offline_access',
    base_url: 'https://api.example.com',
  },
}

const clientCredentials: Setup = {
  type: 'CLIENT_CREDENTIALS',
  presets: 'client-credentials',
  label: 'Client credentials',
  typeRequired: true,
  additionalProperties: false,
  fields: [
    ...CLIENT_FIELDS,
    TOKEN_URL,
    { ...SCOPE_FIELD, help: 'The permissions to ask for, separated by spaces.' },
    SCOPE_SEPARATOR,
    AUDIENCE,
    RESOURCE,
    GRANT_TYPE,
    ...AUTHENTICATION_FIELDS,
    BASE_URL,
    ...TOKEN_REQUEST_FIELDS,
  ],
  rules: [
    ...AUTHENTICATION_RULES,
    {
      kind: 'required-unless',
      field: 'client_secret',
      other: 'token_endpoint_auth_method',
      values: ['private_key_jwt', 'none'],
    },
  ],
  accountName: 'Client credentials {mask(client_id)}',
  request: [BEARER_GRANT, baseUrl('{fill(base_url)}')],
  credentialFields: { access_token: '{grant.access_token}' },
  extraFields: true,
  grant: {
    kind: 'client-credentials',
    tokenUrl: '{token_url}',
    clientAuthentication: 'client_secret_basic',
    clientAuthenticationField: 'token_endpoint_auth_method',
    clientAssertion: CLIENT_ASSERTION,
    choices: CHOICES,
    client: CLIENT,
    bodyFormat: 'form',
    pkce: 'off',
    scopes: { separator: ' ', default: [], requested: true, field: 'scope' },
    tokenParameters: { audience: '{audience}', resource: '{resource}' },
    expiry: { zeroMeans: 'invalid', whenAbsent: { assumedSeconds: 3_600 } },
    refresh: { rotation: 'no-refresh' },
    sources: {
      ...COMMON_SOURCES,
      tokenParameters: stated('RFC 8707 §2 for resource; audience as Auth0 and others have it'),
      'refresh.rotation': stated('RFC 6749 §4.4.3: client credentials bring no refresh token'),
    },
  },
  findAt: 'https://www.rfc-editor.org/rfc/rfc6749.html#section-4.4',
  example: {
    type: 'CLIENT_CREDENTIALS',
    client_id: 'oauth2-client-000',
    client_secret: 'oauth2-secret-000',
    token_url: 'https://idp.example.com/token',
    scope: 'read write',
    token_endpoint_auth_method: 'client_secret_post',
  },
}

/** OAuth 2.0: any provider, with its own endpoints and application. */
export const oauth2: Connector = {
  appId: 'OAUTH2',
  label: 'OAuth 2.0',
  about: 'Any OAuth 2.0 provider: your application there, and its endpoints.',
  category: 'generic',
  setups: [authorizationCode, clientCredentials],
}

function urlField(name: string, label: string, help: string, required: boolean): Field {
  return { name, label, help, secret: false, required, format: 'https-url' }
}
