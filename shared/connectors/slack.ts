import type { Connector } from './connector.ts'
import { assumed, BEARER_GRANT, baseUrl, CODE_FIELDS, SCOPE_FIELD, stated } from './shared-fields.ts'

/** Slack's error codes by the RFC 6749 §5.2 code they amount to; `server_error` leaves the outcome unknown. */
const ERRORS: Readonly<Record<string, string>> = {
  invalid_code: 'invalid_grant',
  code_already_used: 'invalid_grant',
  invalid_refresh_token: 'invalid_grant',
  token_expired: 'invalid_grant',
  token_revoked: 'invalid_grant',
  account_inactive: 'invalid_grant',
  invalid_client_id: 'invalid_client',
  bad_client_secret: 'invalid_client',
  bad_redirect_uri: 'invalid_request',
  invalid_grant_type: 'unsupported_grant_type',
  invalid_scope: 'invalid_scope',
  ratelimited: 'temporarily_unavailable',
  service_unavailable: 'server_error',
  internal_error: 'server_error',
  fatal_error: 'server_error',
}

/** Slack: an incoming webhook, or authorization code with a bot's and a person's grant. */
export const slack: Connector = {
  appId: 'SLACK',
  label: 'Slack',
  about: 'Messages to channels and people of a Slack workspace.',
  category: 'communication',
  setups: [
    {
      type: 'WEBHOOK',
      label: 'Incoming webhook',
      typeRequired: true,
      additionalProperties: false,
      fields: [
        {
          name: 'url',
          label: 'Webhook URL',
          help: 'Whoever has this URL can post: it is the credential.',
          secret: true,
          required: true,
          format: 'https-url',
        },
      ],
      accountName: 'Webhook {mask(url)}',
      request: [{ place: 'url', value: '{url}' }],
      credentialFields: { url: '{url}' },
      findAt: 'https://api.slack.com/messaging/webhooks',
      example: { type: 'WEBHOOK', url: 'https://hooks.slack.com/services/T000/B000/XXXX' },
    },
    {
      type: 'OAUTH_CODE',
      label: 'Sign in with Slack',
      typeRequired: false,
      additionalProperties: true,
      fields: [
        ...CODE_FIELDS,
        { ...SCOPE_FIELD, label: 'Bot scopes', help: 'What the bot may do, separated by commas.' },
        {
          name: 'user_scope',
          label: 'User scopes',
          help: 'What may be done as the person who signs in, separated by commas.',
          secret: false,
          required: false,
          format: 'scope-list',
        },
      ],
      scopeChoices: [
        { value: 'chat:write', label: 'Send messages' },
        { value: 'chat:write.public', label: 'Send messages to channels that the app is no member of' },
        { value: 'channels:read', label: 'See public channels' },
        { value: 'users:read', label: 'See people' },
        { value: 'users:read.email', label: 'See people’s e-mail addresses' },
      ],
      accountName: 'OAuth',
      request: [
        // Where only user scopes were asked for, the person's grant is the only one.
        { ...BEARER_GRANT, value: ['Bearer {grant.access_token}', 'Bearer {grants.user.access_token}'] },
        baseUrl('https://slack.com/api'),
      ],
      credentialFields: {
        access_token: '{grant.access_token}',
        user_access_token: '{grants.user.access_token}',
        bot_user_id: '{grant.extra.bot_user_id}',
      },
      grant: {
        kind: 'authorization-code',
        authorizationUrl: 'https://slack.com/oauth/v2/authorize',
        tokenUrl: 'https://slack.com/api/oauth.v2.access',
        clientAuthentication: 'client_secret_post',
        client: { from: 'oauth-application' },
        bodyFormat: 'form',
        pkce: 'off',
        scopes: { separator: ',', default: ['chat:write'], requested: true, field: 'scope' },
        authorizationParameters: { user_scope: '{user_scope}' },
        expiry: { unit: 'seconds', zeroMeans: 'invalid', whenAbsent: 'never' },
        refresh: { rotation: 'single-use' },
        revocation: { style: 'slack', url: 'https://slack.com/api/auth.revoke', revokes: 'access-token' },
        answer: {
          okMember: { member: 'ok', errorMember: 'error' },
          errorCodes: ERRORS,
          nestedGrant: { member: 'authed_user', name: 'user', scopeMember: 'scope' },
          extra: ['bot_user_id'],
          tokenTypes: ['bot', 'user'],
        },
        sources: {
          authorizationUrl: stated('Nango provider list'),
          tokenUrl: stated('Slack API pages, oauth.v2.access'),
          clientAuthentication: stated('Slack API pages, oauth.v2.access: in the form or by Basic'),
          pkce: stated(
            'Slack changelog, March 2026: PKCE makes an app public; one with a secret is refused (Nango: off)',
          ),
          'scopes.separator': stated('Slack API pages: commas'),
          'scopes.default': assumed('Slack API pages: what chat.postMessage needs'),
          authorizationParameters: stated('Slack API pages, installing with OAuth: user_scope'),
          'expiry.whenAbsent': stated('Slack API pages, token rotation: without it tokens do not expire'),
          'refresh.rotation': stated('Slack API pages, token rotation: the old token ends at the exchange'),
          revocation: assumed('Slack API pages, auth.revoke'),
          'answer.okMember': stated(
            'Slack API pages, oauth.v2.access: HTTP 200 with ok false, and its errors',
          ),
          'answer.errorCodes': stated('Slack API pages, oauth.v2.access: errors'),
          'answer.nestedGrant': stated('Nango provider list: authed_user has its own tokens'),
          'answer.extra': assumed('Slack API pages, oauth.v2.access'),
          'answer.tokenTypes': assumed('Slack API pages, oauth.v2.access: bot, user'),
        },
      },
      test: {
        method: 'POST',
        url: 'https://slack.com/api/auth.test',
        refusedStatuses: [401],
        okMember: 'ok',
        source: assumed('Slack API pages, auth.test'),
      },
      findAt: 'https://api.slack.com/apps',
      example: { type: 'OAUTH_CODE', code: '4/0AfakeAuthorizationCode' },
    },
  ],
}
