import type { Connector, Setup } from './connector.ts'
import { MAX_NAME_CHARS, MAX_SCOPE_CHARS } from './setup-limits.ts'
import { assumed, BEARER_GRANT, secretToken, stated } from './shared-fields.ts'

// The lengths in this file are those of Auth0's API schema.
const MAX_BASIC_CHARS = 155
const MAX_VALUE_CHARS = 255
const MAX_ENDPOINT_CHARS = 500

const bearer: Setup = {
  type: 'BEARER',
  presets: 'bearer',
  label: 'Bearer token',
  typeRequired: true,
  additionalProperties: false,
  fields: [secretToken('token', 'Token', 'Sent as Authorization: Bearer, so leave the word Bearer out.')],
  accountName: 'Bearer {mask(token)}',
  request: [{ place: 'header', name: 'Authorization', value: 'Bearer {token}' }],
  credentialFields: { token: '{token}' },
  findAt: 'https://www.rfc-editor.org/rfc/rfc6750.html#section-2.1',
  example: { type: 'BEARER', token: 'my-bearer-token-000' },
}

const basic: Setup = {
  type: 'BASIC_AUTH',
  presets: 'basic',
  label: 'Basic authentication',
  typeRequired: true,
  additionalProperties: false,
  fields: [
    {
      name: 'username',
      label: 'User name',
      help: 'Without a colon: it separates the name from the password.',
      secret: false,
      required: true,
      format: 'single-line',
      minLength: 1,
      maxLength: MAX_BASIC_CHARS,
    },
    {
      name: 'password',
      label: 'Password',
      help: 'May be left out where the user name alone is the credential.',
      secret: true,
      required: false,
      format: 'single-line',
      minLength: 1,
      maxLength: MAX_BASIC_CHARS,
    },
  ],
  rules: [{ kind: 'no-colon', field: 'username' }],
  accountName: 'Basic {mask(username)}',
  request: [{ place: 'header', name: 'Authorization', value: 'Basic {basic(username,password)}' }],
  credentialFields: { username: '{username}', password: '{password}' },
  findAt: 'https://www.rfc-editor.org/rfc/rfc7617.html',
  example: { type: 'BASIC_AUTH', username: 'svc-user', password: 'p@ss w0rd' },
}

const apiKey: Setup = {
  type: 'API_KEY',
  presets: 'api-key',
  label: 'API key',
  typeRequired: true,
  additionalProperties: false,
  fields: [
    {
      name: 'name',
      label: 'Name',
      help: 'The header or query parameter that carries the key, such as X-Api-Key.',
      secret: false,
      required: true,
      format: 'single-line',
      minLength: 1,
      maxLength: MAX_NAME_CHARS,
    },
    {
      name: 'value',
      label: 'Key',
      help: 'The key itself.',
      secret: true,
      required: true,
      format: 'single-line',
      minLength: 1,
      maxLength: MAX_VALUE_CHARS,
    },
    {
      name: 'in',
      label: 'Sent in',
      help: 'A header, or the query string. Servers log query strings: prefer the header.',
      secret: false,
      required: true,
      format: 'single-line',
      enum: ['HEADER', 'QUERY'],
      optionLabels: { HEADER: 'A header', QUERY: 'The query string' },
    },
  ],
  rules: [
    { kind: 'header-name-when', field: 'name', other: 'in', values: ['HEADER'] },
    { kind: 'header-safe-when', field: 'value', other: 'in', values: ['HEADER'] },
  ],
  accountName: '{label(in)} {name} {mask(value)}',
  request: [
    { place: 'header', name: '{name}', value: '{value}', when: { field: 'in', equals: 'HEADER' } },
    { place: 'query', name: '{name}', value: '{value}', when: { field: 'in', equals: 'QUERY' } },
  ],
  credentialFields: { name: '{name}', value: '{value}' },
  findAt: 'https://www.rfc-editor.org/rfc/rfc9110.html#name-fields',
  example: { type: 'API_KEY', name: 'X-Api-Key', value: 'api-key-value-000', in: 'HEADER' },
}

const clientCredentials: Setup = {
  type: 'OAUTH_CLIENT_CREDENTIALS',
  label: 'OAuth 2.0 client credentials',
  typeRequired: true,
  additionalProperties: false,
  fields: [
    {
      ...shortText('client_id', 'Client ID', 'The client’s identifier at the token endpoint.', {
        required: true,
      }),
      trimmed: true,
    },
    {
      ...shortText(
        'client_secret',
        'Client secret',
        'The client’s secret. It is sent in the form; for a server that wants Basic, use the OAuth 2.0 app.',
        { required: true, secret: true },
      ),
      trimmed: true,
    },
    {
      name: 'token_endpoint',
      label: 'Token endpoint',
      help: 'The full https URL that issues tokens.',
      secret: false,
      required: true,
      format: 'https-url',
      called: true,
      minLength: 1,
      maxLength: MAX_ENDPOINT_CHARS,
    },
    shortText('audience', 'Audience', 'The API the token is for, where the server wants it as audience.'),
    shortText(
      'resource',
      'Resource',
      'The API the token is for, where the server wants it as resource (RFC 8707).',
    ),
    {
      name: 'scope',
      label: 'Scopes',
      help: 'The permissions to ask for, separated by spaces.',
      secret: false,
      required: false,
      format: 'scope-list',
      minLength: 1,
      maxLength: MAX_SCOPE_CHARS,
    },
  ],
  accountName: 'Client Credentials {mask(client_id)}',
  request: [BEARER_GRANT],
  credentialFields: { access_token: '{grant.access_token}' },
  grant: {
    kind: 'client-credentials',
    tokenUrl: '{token_endpoint}',
    clientAuthentication: 'client_secret_post',
    client: { from: 'setup', id: 'client_id', secret: 'client_secret' },
    bodyFormat: 'form',
    pkce: 'off',
    scopes: { separator: ' ', default: [], requested: true, field: 'scope' },
    tokenParameters: { audience: '{audience}', resource: '{resource}' },
    expiry: { zeroMeans: 'invalid', whenAbsent: { assumedSeconds: 3_600 } },
    refresh: { rotation: 'no-refresh' },
    sources: {
      tokenUrl: stated('Auth0 API schema: token_endpoint is the person’s own'),
      clientAuthentication: assumed('The method most servers take; the setup has no field to choose another'),
      bodyFormat: stated('RFC 6749 §4.4.2: a form'),
      tokenParameters: stated(
        'Auth0 API schema: audience and resource are optional; RFC 8707 §2 for resource',
      ),
      'expiry.whenAbsent': assumed(
        'One hour, the most common life; RFC 6749 §5.1 only recommends expires_in',
      ),
      'refresh.rotation': stated('RFC 6749 §4.4.3: client credentials bring no refresh token'),
    },
  },
  findAt: 'https://www.rfc-editor.org/rfc/rfc6749.html#section-4.4',
  example: {
    type: 'OAUTH_CLIENT_CREDENTIALS',
    client_id: 'cc-client-000',
    client_secret: 'cc-secret-000',
    token_endpoint: 'https://idp.example.com/oauth/token',
    audience: 'https://api.example.com',
    resource: 'https://api.example.com',
    scope: 'read:things write:things',
  },
}

/** HTTP Request: any service that takes a bearer token, Basic, an API key, or client credentials. */
export const http: Connector = {
  appId: 'HTTP',
  label: 'HTTP Request',
  about: 'Any HTTP API: a token, a user name and password, a key, or OAuth client credentials.',
  category: 'generic',
  setups: [bearer, basic, apiKey, clientCredentials],
}

function shortText(
  name: string,
  label: string,
  help: string,
  { required = false, secret = false }: { required?: boolean; secret?: boolean } = {},
): Setup['fields'][number] {
  return {
    name,
    label,
    help,
    secret,
    required,
    format: 'single-line',
    minLength: 1,
    maxLength: MAX_VALUE_CHARS,
  }
}
