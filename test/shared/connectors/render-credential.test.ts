import { CONNECTORS, findConnector } from '../../../shared/connectors/catalogue.ts'
import type { Setup } from '../../../shared/connectors/connector.ts'
import {
  accountNameOf,
  type RenderedCredential,
  renderCredential,
  testUrlOf,
} from '../../../shared/connectors/render-credential.ts'
import type { JsonObject } from '../../../shared/domain/json.ts'

const GRANTS = {
  main: {
    access_token: 'at-1',
    extra: {
      account_id: 'acc-1',
      api_domain: 'https://acme.pipedrive.com/',
      base_uri: 'https://eu.docusign.net',
      bot_user_id: 'U01',
      dc: 'us1',
      instance_url: 'https://acme.my.salesforce.com',
      livemode: 'false',
      stripe_publishable_key: 'pk_live_1',
      stripe_user_id: 'acct_1',
    },
  },
  user: { access_token: 'ut-1' },
}

const PEM = '-----BEGIN PRIVATE KEY-----\nMIIfake\n-----END PRIVATE KEY-----\n'

/** Each setup's example and the grants above: headers, query, URLs, fields, label. */
const GOLDEN: Readonly<Record<string, RenderedCredential & { readonly label: string }>> = {
  'ACTIVECAMPAIGN API_KEY': {
    request: {
      headers: { 'Api-Token': 'ac-key-0123456789' },
      query: {},
      base_url: 'https://acme.api-us1.com',
    },
    fields: { api_key: 'ac-key-0123456789', base_url: 'https://acme.api-us1.com' },
    label: 'API key ac-***789',
  },
  'AIRTABLE API_KEY': {
    request: {
      headers: { Authorization: 'Bearer patAbCdEf.0123456789' },
      query: {},
      base_url: 'https://api.airtable.com',
    },
    fields: { api_key: 'patAbCdEf.0123456789' },
    label: 'API key pat***789',
  },
  'AUTH0 OAUTH_APP': {
    request: { headers: { Authorization: 'Bearer at-1' }, query: {}, base_url: 'https://acme.eu.auth0.com' },
    fields: { access_token: 'at-1', domain: 'acme.eu.auth0.com' },
    label: 'acme.eu.auth0.com',
  },
  'BIGQUERY OAUTH_JWT': {
    request: {
      headers: { Authorization: 'Bearer at-1' },
      query: {},
      base_url: 'https://bigquery.googleapis.com',
    },
    fields: {
      access_token: 'at-1',
      project_id: 'acme-analytics',
      client_email: 'svc@acme-analytics.iam.gserviceaccount.com',
    },
    label: 'svc@acme-analytics.iam.gserviceaccount.com',
  },
  'CLEARBIT API_KEY': {
    request: { headers: { Authorization: 'Bearer sk_clearbit_0123456789' }, query: {} },
    fields: { secret_key: 'sk_clearbit_0123456789' },
    label: 'API key sk_***789',
  },
  'CUSTOM CUSTOM': {
    request: {
      headers: { 'X-Api-Key': 'custom-key-0123456789' },
      query: {},
      base_url: 'https://api.example.com/v1',
    },
    fields: {
      API_KEY: 'custom-key-0123456789',
      BASE_URL: 'https://api.example.com/v1',
      DB_PASSWORD: 'correct horse battery',
    },
    label: 'API_KEY, BASE_URL, DB_PASSWORD',
  },
  'DOCUSIGN OAUTH_CODE': {
    request: { headers: { Authorization: 'Bearer at-1' }, query: {}, base_url: 'https://eu.docusign.net' },
    fields: { access_token: 'at-1', account_id: 'acc-1', base_uri: 'https://eu.docusign.net' },
    label: 'OAuth',
  },
  'GOOGLE_SHEETS OAUTH_CODE': {
    request: {
      headers: { Authorization: 'Bearer at-1' },
      query: {},
      base_url: 'https://sheets.googleapis.com',
    },
    fields: { access_token: 'at-1' },
    label: 'OAuth',
  },
  'HTTP BEARER': {
    request: { headers: { Authorization: 'Bearer my-bearer-token-000' }, query: {} },
    fields: { token: 'my-bearer-token-000' },
    label: 'Bearer my-***000',
  },
  'HTTP BASIC_AUTH': {
    // printf 'svc-user:p@ss w0rd' | base64
    request: { headers: { Authorization: 'Basic c3ZjLXVzZXI6cEBzcyB3MHJk' }, query: {} },
    fields: { username: 'svc-user', password: 'p@ss w0rd' },
    label: 'Basic ***',
  },
  'HTTP API_KEY': {
    request: { headers: { 'X-Api-Key': 'api-key-value-000' }, query: {} },
    fields: { name: 'X-Api-Key', value: 'api-key-value-000' },
    label: 'Header X-Api-Key api***000',
  },
  'HTTP OAUTH_CLIENT_CREDENTIALS': {
    request: { headers: { Authorization: 'Bearer at-1' }, query: {} },
    fields: { access_token: 'at-1' },
    label: 'Client Credentials ***',
  },
  'HUBSPOT API_KEY': {
    request: {
      headers: { Authorization: 'Bearer hubspot-key-0123456789' },
      query: {},
      base_url: 'https://api.hubapi.com',
    },
    fields: { api_key: 'hubspot-key-0123456789' },
    label: 'API key hub***789',
  },
  'HUBSPOT OAUTH_CODE': {
    request: { headers: { Authorization: 'Bearer at-1' }, query: {}, base_url: 'https://api.hubapi.com' },
    fields: { access_token: 'at-1' },
    label: 'OAuth',
  },
  'JWT JWT': {
    request: { headers: {}, query: {} },
    fields: { algorithm: 'HS256', secret: 'a-32-byte-long-hmac-secret-value' },
    label: 'JWT HS256',
  },
  'MAILCHIMP API_KEY': {
    request: {
      headers: { Authorization: 'Bearer 0123456789abcdef-us21' },
      query: {},
      base_url: 'https://us21.api.mailchimp.com',
    },
    fields: { secret_key: '0123456789abcdef-us21', data_center: 'us21' },
    label: 'API key 012***s21',
  },
  'MAILCHIMP OAUTH_CODE': {
    request: {
      headers: { Authorization: 'Bearer at-1' },
      query: {},
      base_url: 'https://us1.api.mailchimp.com',
    },
    fields: { access_token: 'at-1', data_center: 'us1' },
    label: 'OAuth',
  },
  'MAILJET API_KEY': {
    request: {
      // printf 'mj-public-0123456789:mj-private-0123456789' | base64
      headers: { Authorization: 'Basic bWotcHVibGljLTAxMjM0NTY3ODk6bWotcHJpdmF0ZS0wMTIzNDU2Nzg5' },
      query: {},
      base_url: 'https://api.mailjet.com',
    },
    fields: { api_key: 'mj-public-0123456789', secret_key: 'mj-private-0123456789' },
    label: 'API key mj-***789',
  },
  'OAUTH2 AUTHORIZATION_CODE': {
    request: { headers: { Authorization: 'Bearer at-1' }, query: {}, base_url: 'https://api.example.com' },
    fields: { access_token: 'at-1' },
    label: 'OAuth oau***000',
  },
  'OAUTH2 CLIENT_CREDENTIALS': {
    request: { headers: { Authorization: 'Bearer at-1' }, query: {} },
    fields: { access_token: 'at-1' },
    label: 'Client credentials oau***000',
  },
  'PIPEDRIVE TOKEN': {
    request: {
      headers: { 'x-api-token': 'pipedrive-token-0123456789' },
      query: {},
      base_url: 'https://api.pipedrive.com',
    },
    fields: { token: 'pipedrive-token-0123456789' },
    label: 'Token pip***789',
  },
  'PIPEDRIVE OAUTH_CODE': {
    request: { headers: { Authorization: 'Bearer at-1' }, query: {}, base_url: 'https://acme.pipedrive.com' },
    fields: { access_token: 'at-1', api_domain: 'https://acme.pipedrive.com/' },
    label: 'OAuth',
  },
  'SALESFORCE OAUTH_CODE': {
    request: {
      headers: { Authorization: 'Bearer at-1' },
      query: {},
      base_url: 'https://acme.my.salesforce.com',
    },
    fields: { access_token: 'at-1', instance_url: 'https://acme.my.salesforce.com' },
    label: 'OAuth',
  },
  'SENDGRID API_KEY': {
    request: {
      headers: { Authorization: 'Bearer SG.fake.0123456789' },
      query: {},
      base_url: 'https://api.sendgrid.com',
    },
    fields: { api_key: 'SG.fake.0123456789' },
    label: 'API key SG.***789',
  },
  'SLACK WEBHOOK': {
    request: { headers: {}, query: {}, url: 'https://hooks.slack.com/services/T000/B000/XXXX' },
    fields: { url: 'https://hooks.slack.com/services/T000/B000/XXXX' },
    label: 'Webhook htt***XXX',
  },
  'SLACK OAUTH_CODE': {
    request: { headers: { Authorization: 'Bearer at-1' }, query: {}, base_url: 'https://slack.com/api' },
    fields: { access_token: 'at-1', user_access_token: 'ut-1', bot_user_id: 'U01' },
    label: 'OAuth',
  },
  'STRIPE KEY_PAIR': {
    request: {
      headers: { Authorization: 'Bearer sk_test_0123456789' },
      query: {},
      base_url: 'https://api.stripe.com',
    },
    fields: { private_key: 'sk_test_0123456789', public_key: 'pk_test_0123456789' },
    label: 'Key pair pk_***789',
  },
  'STRIPE OAUTH_CODE': {
    request: { headers: { Authorization: 'Bearer at-1' }, query: {}, base_url: 'https://api.stripe.com' },
    fields: { access_token: 'at-1', stripe_user_id: 'acct_1', public_key: 'pk_live_1', livemode: 'false' },
    label: 'OAuth',
  },
  'TELEGRAM TOKEN': {
    request: { headers: {}, query: {}, base_url: 'https://api.telegram.org/bot123456:telegram-bot-token' },
    fields: { token: '123456:telegram-bot-token' },
    label: 'Token 123***ken',
  },
  'TWILIO API_KEY': {
    request: {
      // printf 'AC0…0:twilio-auth-token-000' | base64
      headers: {
        Authorization: 'Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDp0d2lsaW8tYXV0aC10b2tlbi0wMDA=',
      },
      query: {},
      base_url: 'https://api.twilio.com',
    },
    fields: { account_id: 'AC00000000000000000000000000000000', api_key: 'twilio-auth-token-000' },
    label: 'Account AC0***000',
  },
  'WHATSAPP TOKEN': {
    request: {
      headers: { Authorization: 'Bearer EAAGwhatsapptoken000' },
      query: {},
      base_url: 'https://graph.facebook.com',
    },
    fields: { token: 'EAAGwhatsapptoken000' },
    label: 'Token EAA***000',
  },
  'ZAPIER WEBHOOK': {
    request: { headers: {}, query: {}, url: 'https://hooks.zapier.com/hooks/catch/1/abc' },
    fields: { url: 'https://hooks.zapier.com/hooks/catch/1/abc' },
    label: 'Webhook htt***abc',
  },
}

const SETUPS = CONNECTORS.flatMap((connector) =>
  connector.setups.map((setup) => ({ name: `${connector.appId} ${setup.type}`, setup })),
)

describe('renderCredential', () => {
  it('is known for every setup', () => {
    expect(SETUPS.map(({ name }) => name).sort()).toEqual(Object.keys(GOLDEN).sort())
  })

  it.each(SETUPS)('renders the example of $name', ({ name, setup }) => {
    const { label, ...credential } = GOLDEN[name]!
    const rendered = renderCredential(setup, setup.example, GRANTS)
    // Members that the setup names itself are fields as well.
    const extra = setup.extraFields === true ? GRANTS.main.extra : {}
    expect(rendered).toEqual({ ...credential, fields: { ...extra, ...credential.fields } })
    expect(accountNameOf(setup, setup.example)).toBe(label)
  })

  it('puts an API key into the query when asked to', () => {
    const values = { type: 'API_KEY', name: 'filter[key]', value: 'a b&c', in: 'QUERY' }
    expect(renderCredential(setupOf('HTTP', 'API_KEY'), values)).toEqual({
      request: { headers: {}, query: { 'filter[key]': 'a b&c' } },
      fields: { name: 'filter[key]', value: 'a b&c' },
    })
  })

  it('sends an absent password as an empty one', () => {
    const rendered = renderCredential(setupOf('HTTP', 'BASIC_AUTH'), { username: 'svc-user' })
    // printf 'svc-user:' | base64
    expect(rendered.request.headers).toEqual({ Authorization: 'Basic c3ZjLXVzZXI6' })
    expect(rendered.fields).toEqual({ username: 'svc-user' })
  })

  it('encodes Basic credentials as UTF-8', () => {
    const rendered = renderCredential(setupOf('HTTP', 'BASIC_AUTH'), { username: 'test', password: '123£' })
    // RFC 7617 §2.1 gives this example.
    expect(rendered.request.headers).toEqual({ Authorization: 'Basic dGVzdDoxMjPCow==' })
  })

  it('gives the person’s Slack token where it is the only one', () => {
    const rendered = renderCredential(setupOf('SLACK', 'OAUTH_CODE'), {}, { user: { access_token: 'ut-1' } })
    expect(rendered.request.headers).toEqual({ Authorization: 'Bearer ut-1' })
    expect(rendered.fields).toEqual({ user_access_token: 'ut-1' })
  })

  it('leaves out what was not minted', () => {
    expect(renderCredential(setupOf('PIPEDRIVE', 'OAUTH_CODE'), {})).toEqual({
      request: { headers: {}, query: {} },
      fields: {},
    })
  })

  it('puts the line breaks of a PEM key right', () => {
    const values = { algorithm: 'RS256', private_key: PEM.replaceAll('\n', '\\n') }
    expect(renderCredential(setupOf('JWT', 'JWT'), values).fields['private_key']).toBe(PEM)
  })

  it.each([
    ['PIPEDRIVE', 'api_domain', 'https://evil.example'],
    ['PIPEDRIVE', 'api_domain', 'http://acme.pipedrive.com'],
    ['SALESFORCE', 'instance_url', 'https://salesforce.com.evil.example'],
    ['DOCUSIGN', 'base_uri', 'https://evil.example/docusign.net'],
    ['MAILCHIMP', 'dc', 'evil.example/x'],
    ['MAILCHIMP', 'dc', 'user:password@us1'],
  ])('hands over no base URL when %s answers %s %p', (appId, member, value) => {
    const grants = { main: { access_token: 'at', extra: { [member]: value } } }
    const rendered = renderCredential(setupOf(appId, 'OAUTH_CODE'), {}, grants)
    expect(rendered.request).toEqual({ headers: { Authorization: 'Bearer at' }, query: {} })
  })

  it.each(['\r', '\n', '\0', 'a\r\nX-Evil: 1', 'Ċ', '\u0080'])('lets no header leave with %p', (breaker) => {
    const values = { token: `a${breaker}b` }
    expect(() => renderCredential(setupOf('HTTP', 'BEARER'), values)).toThrow(
      expect.objectContaining({
        code: 'credential-unavailable',
        message: expect.not.stringContaining(breaker),
      }),
    )
    const grants = { main: { access_token: `a${breaker}b` } }
    expect(() => renderCredential(setupOf('AUTH0', 'OAUTH_APP'), { domain: 'a.example' }, grants)).toThrow()
    const custom = { values: [{ name: 'A', value: `a${breaker}b`, in: 'HEADER' }] }
    expect(() => renderCredential(setupOf('CUSTOM', 'CUSTOM'), custom)).toThrow()
  })

  it('places each CUSTOM value where it travels', () => {
    const values = {
      values: [
        { name: 'constructor', value: 'c' },
        { name: 'h', value: 'v1', in: 'HEADER', as: 'X-H' },
        { name: 'q', value: 'v2', in: 'QUERY' },
        { name: 'b', value: 'https://api.example.com', in: 'BASE_URL' },
      ],
    }
    expect(renderCredential(setupOf('CUSTOM', 'CUSTOM'), values)).toEqual({
      request: { headers: { 'X-H': 'v1' }, query: { q: 'v2' }, base_url: 'https://api.example.com' },
      fields: { constructor: 'c', h: 'v1', q: 'v2', b: 'https://api.example.com' },
    })
  })
})

describe('accountNameOf', () => {
  it.each<[string, string, JsonObject, string | undefined]>([
    ['HTTP', 'BEARER', { token: 'my-long-enough-token' }, 'Bearer my-***ken'],
    ['HTTP', 'BEARER', { token: 'my-token' }, 'Bearer ***'],
    ['HTTP', 'BASIC_AUTH', { username: 'Basic auth username' }, 'Basic Bas***ame'],
    [
      'HTTP',
      'API_KEY',
      { name: 'Custom-API-Key', value: 'Api-key-secret', in: 'HEADER' },
      'Header Custom-API-Key ***',
    ],
    ['HTTP', 'API_KEY', { name: 'key', value: 'Api-key-secret', in: 'QUERY' }, 'Query key ***'],
    ['HTTP', 'OAUTH_CLIENT_CREDENTIALS', { client_id: 'FuiBcDeFgHiJp2g' }, 'Client Credentials ***'],
    ['AUTH0', 'OAUTH_APP', { domain: 'tenant.eu.auth0.com' }, 'tenant.eu.auth0.com'],
    ['SALESFORCE', 'OAUTH_CODE', { environment: 'sandbox' }, 'OAuth Sandbox'],
    ['SALESFORCE', 'OAUTH_CODE', { domain: 'acme.my.salesforce.com' }, 'acme.my.salesforce.com'],
    ['BIGQUERY', 'OAUTH_JWT', {}, undefined],
  ])('labels %s %s %p as %p', (appId, type, values, label) => {
    expect(accountNameOf(setupOf(appId, type), values)).toBe(label)
  })

  it('fits on a line', () => {
    const values = { values: Array.from({ length: 3 }, () => ({ name: 'n'.repeat(200) })) }
    expect(accountNameOf(setupOf('CUSTOM', 'CUSTOM'), values)).toHaveLength(255)
  })
})

describe('testUrlOf', () => {
  it('fills in what the setup holds', () => {
    const url = testUrlOf(setupOf('TELEGRAM', 'TOKEN'), { token: '1:a' })
    expect(url).toBe('https://api.telegram.org/bot1:a/getMe')
    const sandbox = testUrlOf(setupOf('DOCUSIGN', 'OAUTH_CODE'), { environment: 'sandbox' })
    expect(sandbox).toBe('https://account-d.docusign.com/oauth/userinfo')
  })

  it('is undefined without a test, or without what it needs', () => {
    expect(testUrlOf(setupOf('HTTP', 'BEARER'), { token: 'x' })).toBeUndefined()
    expect(testUrlOf(setupOf('MAILCHIMP', 'API_KEY'), { secret_key: 'no data centre' })).toBeUndefined()
  })
})

function setupOf(appId: string, type: string): Setup {
  return findConnector(appId)!.setups.find((setup) => setup.type === type)!
}
