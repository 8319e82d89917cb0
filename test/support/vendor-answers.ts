/** Answers in the shapes that the vendors' own pages show, by app. */
export const TOKEN_ANSWERS: Readonly<Record<string, (n: number) => object>> = {
  DOCUSIGN: (n) => ({
    access_token: `docusign-access-${n}`,
    token_type: 'Bearer',
    refresh_token: `docusign-refresh-${n}`,
    expires_in: 28_800,
  }),
  GOOGLE_SHEETS: (n) => ({
    access_token: `google-access-${n}`,
    expires_in: 3599,
    ...(n === 0 ? { refresh_token: 'google-refresh' } : {}),
    scope: 'https://www.googleapis.com/auth/spreadsheets',
    token_type: 'Bearer',
  }),
  SALESFORCE: (n) => ({
    access_token: `salesforce-access-${n}`,
    ...(n === 0 ? { refresh_token: 'salesforce-refresh' } : {}),
    signature: 'c2lnbmF0dXJl',
    scope: 'refresh_token api',
    instance_url: `https://acme-${n}.my.salesforce.com`,
    id: 'https://login.salesforce.com/id/00D/005',
    token_type: 'Bearer',
    issued_at: '1893456000000',
  }),
  HUBSPOT: (n) => ({
    token_type: 'bearer',
    access_token: `hubspot-access-${n}`,
    refresh_token: 'hubspot-refresh',
    expires_in: 1800,
  }),
  MAILCHIMP: () => ({ access_token: 'mailchimp-access', expires_in: 0, scope: null }),
  PIPEDRIVE: (n) => ({
    access_token: `pipedrive-access-${n}`,
    token_type: 'Bearer',
    refresh_token: `pipedrive-refresh-${n}`,
    scope: 'base deals:full',
    expires_in: 3599,
    api_domain: 'https://acme.pipedrive.com',
  }),
  SLACK: (n) => ({
    ok: true,
    app_id: 'A000',
    access_token: `xoxe.xoxb-${n}`,
    token_type: 'bot',
    scope: 'chat:write',
    bot_user_id: 'U000',
    team: { id: 'T000', name: 'acme' },
  }),
  STRIPE: () => ({
    access_token: 'sk_acct_000',
    livemode: false,
    refresh_token: 'rt_000',
    token_type: 'bearer',
    stripe_publishable_key: 'pk_acct_000',
    stripe_user_id: 'acct_000',
    scope: 'read_write',
  }),
}
/** The apps played here. */
export const CODE_APPS = Object.keys(TOKEN_ANSWERS)
/** Where each app's code is exchanged. */
export const TOKEN_HOSTS: Readonly<Record<string, string>> = {
  DOCUSIGN: 'account.docusign.com',
  GOOGLE_SHEETS: 'oauth2.googleapis.com',
  SALESFORCE: 'login.salesforce.com',
  HUBSPOT: 'api.hubapi.com',
  MAILCHIMP: 'login.mailchimp.com',
  PIPEDRIVE: 'oauth.pipedrive.com',
  SLACK: 'slack.com',
  STRIPE: 'connect.stripe.com',
}
/** What flows get of each, beside the token. */
export const BASE_URLS: Readonly<Record<string, string>> = {
  DOCUSIGN: 'https://demo.docusign.net',
  GOOGLE_SHEETS: 'https://sheets.googleapis.com',
  SALESFORCE: 'https://acme-0.my.salesforce.com',
  HUBSPOT: 'https://api.hubapi.com',
  MAILCHIMP: 'https://us21.api.mailchimp.com',
  PIPEDRIVE: 'https://acme.pipedrive.com',
  SLACK: 'https://slack.com/api',
  STRIPE: 'https://api.stripe.com',
}

/** The calls that follow a token answer, by path. */
export const FOLLOW_UPS: Readonly<Record<string, object>> = {
  '/oauth2/metadata': {
    dc: 'us21',
    role: 'owner',
    accountname: 'acme',
    api_endpoint: 'https://us21.api.mailchimp.com',
  },
  '/oauth/userinfo': {
    sub: 'user-000',
    accounts: [
      { account_id: 'other', is_default: false, base_uri: 'https://other.docusign.net' },
      { account_id: 'acct-000', is_default: true, base_uri: 'https://demo.docusign.net' },
    ],
  },
}
