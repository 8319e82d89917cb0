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

const LOGIN_HOSTS = ['salesforce.com']
const API_HOSTS = ['salesforce.com', 'force.com', 'cloudforce.com']

/** Salesforce: authorization code at the login host, a sandbox's, or the organization's own domain. */
export const salesforce: Connector = {
  appId: 'SALESFORCE',
  label: 'Salesforce',
  about: 'Customer relations: create, read, search and update leads.',
  category: 'crm',
  setups: [
    {
      type: 'OAUTH_CODE',
      label: 'Sign in with Salesforce',
      typeRequired: false,
      additionalProperties: true,
      fields: [
        ...CODE_FIELDS,
        SCOPE_FIELD,
        environmentField('Production, or a sandbox.', ['production', 'sandbox']),
        {
          name: 'domain',
          label: 'My Domain',
          help: 'The organization’s own host, such as acme.my.salesforce.com.',
          secret: false,
          required: false,
          format: 'hostname',
          called: true,
          hosts: LOGIN_HOSTS,
        },
        {
          name: 'login_url',
          label: 'Login URL',
          help: 'The same as a URL, such as https://acme.my.salesforce.com.',
          secret: false,
          required: false,
          format: 'https-url',
          called: true,
          hosts: LOGIN_HOSTS,
        },
      ],
      scopeChoices: [
        { value: 'api', label: 'Call the API' },
        {
          value: 'refresh_token',
          label: 'Stay connected',
          help: 'Without it somebody has to sign in again when the session ends.',
        },
        { value: 'id', label: 'See who signed in' },
        { value: 'full', label: 'Everything the person may do' },
      ],
      accountName: ['{domain}', '{base(login_url)}', 'OAuth {label(environment)}', 'OAuth'],
      request: [BEARER_GRANT, baseUrl('{base(grant.extra.instance_url)}', API_HOSTS)],
      credentialFields: { access_token: '{grant.access_token}', instance_url: '{grant.extra.instance_url}' },
      grant: {
        kind: 'authorization-code',
        authorizationUrl: atLoginHost('/services/oauth2/authorize'),
        tokenUrl: atLoginHost('/services/oauth2/token'),
        clientAuthentication: 'client_secret_post',
        client: { from: 'oauth-application' },
        bodyFormat: 'form',
        pkce: 'S256',
        scopes: { separator: ' ', default: ['api', 'refresh_token'], requested: true, field: 'scope' },
        expiry: { zeroMeans: 'invalid', whenAbsent: { assumedSeconds: 7_200 } },
        refresh: { rotation: 'optional' },
        revocation: {
          style: 'rfc7009',
          url: atLoginHost('/services/oauth2/revoke'),
          revokes: 'grant',
          ends: 'token',
        },
        answer: { extra: ['instance_url'] },
        sources: {
          authorizationUrl: stated('Nango provider list: login, test or My Domain host'),
          tokenUrl: stated('Nango provider list: the same host'),
          clientAuthentication: assumed('Salesforce help, OAuth web server flow: id and secret in the form'),
          pkce: assumed('Salesforce help, OAuth web server flow: S256'),
          'scopes.default': stated('Nango provider list: refresh_token or offline_access is needed'),
          'expiry.whenAbsent': assumed('Salesforce help, session settings: two hours; no expires_in is sent'),
          'refresh.rotation': stated('Salesforce announcements: rotation is the organization’s policy'),
          revocation: assumed(
            'Salesforce help, revoke OAuth tokens: the refresh token and the access tokens of it; each authorization has its own',
          ),
          'answer.extra': stated('Nango provider list: instance_url is the base URL and may change'),
        },
      },
      test: {
        method: 'GET',
        url: '{base(grant.extra.instance_url)}/services/oauth2/userinfo',
        refusedStatuses: [401, 403],
        source: assumed('Salesforce help, user info endpoint: a bad token is answered with 403'),
      },
      findAt: 'https://help.salesforce.com/s/articleView?id=sf.connected_app_create_api_integration.htm',
      example: { type: 'OAUTH_CODE', code: '4/0AfakeAuthorizationCode' },
    },
  ],
}

function atLoginHost(path: string): readonly string[] {
  return [
    `https://{domain}${path}`,
    `{base(login_url)}${path}`,
    `{when(environment,sandbox)}https://test.salesforce.com${path}`,
    `https://login.salesforce.com${path}`,
  ]
}
