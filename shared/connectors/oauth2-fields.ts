import type { GrantProfile } from '../domain/grant-profile.ts'
import type { CrossFieldRule, Field } from './connector.ts'
import { MAX_IDENTIFIER_CHARS } from './setup-limits.ts'
import { optionalIdentifier } from './shared-fields.ts'

/** What a person says of any provider, beside its addresses: how the client proves itself. */
export const CLIENT_FIELDS: readonly Field[] = [
  {
    name: 'client_id',
    label: 'Client ID',
    help: 'The identifier of your application at the provider.',
    secret: false,
    required: true,
    format: 'single-line',
    maxLength: MAX_IDENTIFIER_CHARS,
    trimmed: true,
  },
  {
    name: 'client_secret',
    label: 'Client secret',
    help: 'The secret of your application. Public clients have none, nor do those that sign with a key.',
    secret: true,
    required: false,
    format: 'single-line',
    trimmed: true,
  },
]

/** The ways of RFC 7591 §2 and OpenID Connect Core §9, each as the request carries it. */
export const AUTHENTICATION_FIELDS: readonly Field[] = [
  {
    name: 'token_endpoint_auth_method',
    label: 'Client authentication',
    help: 'How the client proves itself at the token endpoint (RFC 7591 §2). Basic when left out.',
    secret: false,
    required: false,
    format: 'single-line',
    enum: ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'none'],
    optionLabels: {
      client_secret_basic: 'HTTP Basic',
      client_secret_post: 'In the body',
      client_secret_jwt: 'An assertion signed with the secret',
      private_key_jwt: 'An assertion signed with a private key',
      none: 'A public client without a secret',
    },
  },
  {
    name: 'private_key',
    label: 'Private key',
    help: 'The PEM key that signs the client’s assertion: RSA, EC or Ed25519, not encrypted.',
    secret: true,
    required: false,
    format: 'pem-private-key',
    signs: 'client-assertion',
    shownWhen: { field: 'token_endpoint_auth_method', values: ['private_key_jwt'] },
  },
  {
    ...optionalIdentifier('private_key_id', 'Key ID', 'The kid by which the provider knows the key.'),
    shownWhen: { field: 'token_endpoint_auth_method', values: ['private_key_jwt'] },
  },
  {
    ...optionalIdentifier(
      'assertion_audience',
      'Audience of the assertion',
      'Whom the client’s assertion is for. The token URL when left out; some want the issuer.',
    ),
    shownWhen: { field: 'token_endpoint_auth_method', values: ['private_key_jwt', 'client_secret_jwt'] },
  },
]

/** What each way needs. */
export const AUTHENTICATION_RULES: readonly CrossFieldRule[] = [
  {
    kind: 'required-when',
    field: 'client_secret',
    other: 'token_endpoint_auth_method',
    values: ['client_secret_basic', 'client_secret_post', 'client_secret_jwt'],
  },
  {
    kind: 'required-when',
    field: 'private_key',
    other: 'token_endpoint_auth_method',
    values: ['private_key_jwt'],
  },
]

/** The fields that the client's assertion is made of. */
export const CLIENT_ASSERTION: NonNullable<GrantProfile['clientAssertion']> = {
  key: 'private_key',
  keyId: 'private_key_id',
  audience: 'assertion_audience',
}

/** RFC 8707 §2: named in every request. */
export const RESOURCE = optionalIdentifier(
  'resource',
  'Resource',
  'The API the token is for, as RFC 8707 has it.',
)

/** Where the API lives: a URL, or one that the provider's answer completes. */
export const BASE_URL: Field = {
  name: 'base_url',
  label: 'Base URL',
  help: 'Where the API lives; handed to flows with the token. {name} stands for that member of the provider’s answer or callback, such as {instance_url}.',
  secret: false,
  required: false,
  format: 'url-template',
  maxLength: 2_048,
}

/** How scopes are written. */
export const SCOPE_SEPARATOR: Field = {
  name: 'scope_separator',
  label: 'Scope separator',
  help: 'What stands between two scopes in a request. As they are written when left out.',
  secret: false,
  required: false,
  format: 'single-line',
  enum: ['space', 'comma', 'plus'],
  optionLabels: { space: 'A blank', comma: 'A comma', plus: 'A plus sign' },
}

/** How requests of a person's grant are made. */
export const CODE_REQUEST_FIELDS: readonly Field[] = [
  {
    name: 'scope_at_refresh',
    label: 'Scopes at renewal',
    help: 'Sends the scopes again when the grant is renewed, never more than were granted. Entra wants it where client and API are one application.',
    secret: false,
    required: false,
    format: 'flag',
    headless: true,
  },
  {
    name: 'pkce',
    label: 'PKCE',
    help: 'Only for servers that refuse the code challenge (RFC 7636). S256 when left out.',
    secret: false,
    required: false,
    format: 'single-line',
    enum: ['S256', 'off'],
    optionLabels: { S256: 'With a code challenge (S256)', off: 'Without' },
  },
  {
    name: 'authorization_parameters',
    label: 'More authorization parameters',
    help: 'Sent with the person’s browser, such as access_type=offline and prompt=consent.',
    secret: false,
    required: false,
    format: 'parameters',
    headless: true,
  },
]

/** How every token request is made, and what is kept of its answer. */
export const TOKEN_REQUEST_FIELDS: readonly Field[] = [
  {
    name: 'token_parameters',
    label: 'More token parameters',
    help: 'Sent to the token URL with every request.',
    secret: true,
    required: false,
    format: 'parameters',
    headless: true,
  },
  {
    name: 'token_request_format',
    label: 'Token request',
    help: 'A form, as RFC 6749 has it, or JSON. A form when left out.',
    secret: false,
    required: false,
    format: 'single-line',
    enum: ['form', 'json'],
    optionLabels: { form: 'A form', json: 'JSON' },
  },
  {
    name: 'access_token_lifetime',
    label: 'Life of access tokens',
    help: 'In seconds, for providers that do not state it; 0 for tokens that do not end.',
    secret: false,
    required: false,
    format: 'seconds',
    headless: true,
  },
  {
    name: 'extra_fields',
    label: 'More fields',
    help: 'Members of the provider’s answer or callback that flows get beside the token, such as instance_url or realmId.',
    secret: false,
    required: false,
    format: 'member-names',
    headless: true,
  },
]

/** What the fields above choose. */
export const CHOICES: NonNullable<GrantProfile['choices']> = {
  bodyFormat: 'token_request_format',
  pkce: 'pkce',
  grantType: 'grant_type',
  scopeSeparator: 'scope_separator',
  scopeAtRefresh: 'scope_at_refresh',
  authorizationParameters: 'authorization_parameters',
  tokenParameters: 'token_parameters',
  accessSeconds: 'access_token_lifetime',
  extra: 'extra_fields',
  baseUrl: 'base_url',
}

/** Zoom's server-to-server apps are granted by `account_credentials`; the password grant is RFC 6749 §4.3's. */
export const GRANT_TYPE: Field = {
  name: 'grant_type',
  label: 'Grant type',
  help: 'client_credentials when left out. What else the grant needs goes into the token parameters: account_id, or username and password.',
  secret: false,
  required: false,
  format: 'single-line',
  enum: ['client_credentials', 'account_credentials', 'password'],
  optionLabels: {
    client_credentials: 'Client credentials',
    account_credentials: 'Account credentials (Zoom)',
    password: 'A person’s name and password',
  },
}
