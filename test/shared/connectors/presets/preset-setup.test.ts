import { findConnector, findSetup } from '../../../../shared/connectors/catalogue.ts'
import { catalogueHost } from '../../../../shared/connectors/catalogue-host.ts'
import type { Setup } from '../../../../shared/connectors/connector.ts'
import { presetSetups } from '../../../../shared/connectors/presets/pick-preset-setup.ts'
import { allPresets } from '../../../../shared/connectors/presets/preset-list.ts'
import { renderCredential } from '../../../../shared/connectors/render-credential.ts'
import { validateSetup } from '../../../../shared/connectors/setup-schema.ts'
import { renderTemplate } from '../../../../shared/connectors/template.ts'
import type { JsonObject } from '../../../../shared/domain/json.ts'
import { missingScopes } from '../../../../shared/use-cases/grants/grant-records.ts'

const APPS = ['OAUTH2', 'HTTP'].map((appId) => findConnector(appId)!)
const SETUPS = APPS.flatMap((connector) =>
  allPresets().flatMap((preset) =>
    presetSetups(connector, preset).map((setup) => ({ connector, preset, setup })),
  ),
)
const GRANTS = { main: { access_token: 'access-token-000' } }

describe('presetSetup', () => {
  it('has a setup for every service', () => {
    const served = new Set(SETUPS.map(({ preset }) => preset.id))
    expect(
      allPresets()
        .filter(({ id }) => !served.has(id))
        .map(({ id }) => id),
    ).toEqual([])
  })

  it.each(SETUPS)(
    'of $setup.type accepts its example, and is found again by its type',
    ({ connector, setup }) => {
      expect(validateSetup(connector, setup.example)).toEqual({ setup, values: setup.example })
      expect(findSetup(connector, setup.type)).toBe(setup)
    },
  )

  it.each([
    ['github', 'In the body when left out.'],
    ['zoom', 'HTTP Basic when left out.'],
  ])('of %s says how its client is authenticated when nothing is said', (provider, end) => {
    const found = SETUPS.find(({ preset, setup }) => preset.id === provider && setup.grant !== undefined)!
    const field = found.setup.fields.find(({ name }) => name === 'token_endpoint_auth_method')!
    expect(field.help?.endsWith(`(RFC 7591 §2). ${end}`)).toBe(true)
  })

  it.each(SETUPS)('of $setup.type has its addresses, and lets no input lead elsewhere', (each) => {
    const { connector, preset, setup } = each
    for (const template of [setup.grant?.authorizationUrl, setup.grant?.tokenUrl]) {
      if (template === undefined) continue
      expect(URL.parse(renderTemplate(template, setup.example) ?? '')?.protocol).toBe('https:')
    }
    for (const name of Object.keys(preset.inputs ?? {})) {
      if (!setup.fields.some((field) => field.name === name && !field.secret)) continue
      for (const hostile of HOSTILE) {
        expect(() => validateSetup(connector, { ...setup.example, [name]: hostile })).toThrow()
      }
    }
  })

  it.each(SETUPS)('of $setup.type hands over a credential, and no secret of a client', ({ setup }) => {
    const { request } = renderCredential(setup, setup.example, GRANTS)
    const secret = setup.grant === undefined ? setup.example['value'] : 'access-token-000'
    expect(
      Object.keys(request.headers).length +
        Object.keys(request.query).length +
        (request.base_url?.length ?? 0),
    ).toBeGreaterThan(0)
    if (setup.grant !== undefined) expect(JSON.stringify(request)).toContain(secret)
    expect(JSON.stringify(request)).not.toContain('oauth2-secret-000')
    expect(setup.accountName).not.toContain('{client_secret')
  })

  it.each([
    ['openai', { token: 'k-000' }, { Authorization: 'Bearer k-000' }, {}, 'https://api.openai.com/v1'],
    ['anthropic', { value: 'k-000' }, { 'x-api-key': 'k-000' }, {}, 'https://api.anthropic.com/v1'],
    [
      'klaviyo',
      { value: 'k-000' },
      { Authorization: 'Klaviyo-API-Key k-000' },
      {},
      'https://a.klaviyo.com/api',
    ],
    ['hunter', { value: 'k-000' }, {}, { api_key: 'k-000' }, 'https://api.hunter.io/v2'],
    [
      'trello',
      { value: 'k-000', token: 't-000' },
      {},
      { key: 'k-000', token: 't-000' },
      'https://api.trello.com/1',
    ],
    ['telegram', { value: '12:ab/c' }, {}, {}, 'https://api.telegram.org/bot12:ab%2Fc'],
    [
      'freshdesk',
      { value: 'k-000', domain: 'acme' },
      { Authorization: `Basic ${btoa('k-000:X')}` },
      {},
      'https://acme.freshdesk.com/api/v2',
    ],
    [
      'mailgun',
      { value: 'k-000' },
      { Authorization: `Basic ${btoa('api:k-000')}` },
      {},
      'https://api.mailgun.net/v3',
    ],
    [
      'zendesk',
      { value: 'k-000', subdomain: 'acme', email: 'a@b.example' },
      { Authorization: `Basic ${btoa('a@b.example/token:k-000')}` },
      {},
      'https://acme.zendesk.com/api/v2',
    ],
    [
      'twilio',
      { username: 'SK0', password: 'p-000' },
      { Authorization: `Basic ${btoa('SK0:p-000')}` },
      {},
      'https://api.twilio.com',
    ],
    [
      'algolia',
      { value: 'k-000', application_id: 'ABCDEFGHIJ' },
      { 'x-algolia-api-key': 'k-000', 'x-algolia-application-id': 'ABCDEFGHIJ' },
      {},
      'https://ABCDEFGHIJ.algolia.net/1'.toLowerCase(),
    ],
  ])('puts the key of %s where the service wants it', (provider, entered, headers, query, baseUrl) => {
    const { setup, values } = validateSetup(findConnector('HTTP')!, { provider, ...entered })
    const { request } = renderCredential(setup, values)
    expect(request).toEqual({
      headers,
      query,
      base_url: expect.stringMatching(new RegExp(`^${baseUrl.replaceAll('.', '\\.')}$`, 'i')),
    })
  })

  it.each([
    ['shopify', { shop: 'acme' }, { 'X-Shopify-Access-Token': 'access-token-000' }],
    ['zoho', {}, { Authorization: 'Zoho-oauthtoken access-token-000' }],
    ['twitch', {}, { Authorization: 'Bearer access-token-000', 'Client-Id': 'id-000' }],
  ])('sends the token of %s as the service wants it', (provider, entered, headers) => {
    const { setup, values } = accepted({ provider, ...entered })
    expect(renderCredential(setup, values, GRANTS).request.headers).toEqual(headers)
  })

  it.each([
    ['gitlab', {}, 'https://gitlab.com/oauth/token', 'gitlab.com'],
    ['gitlab', { host: 'git.acme.example' }, 'https://git.acme.example/oauth/token', undefined],
    [
      'microsoft',
      {},
      'https://login.microsoftonline.com/common/oauth2/v2.0/token',
      'login.microsoftonline.com',
    ],
    ['okta', { domain: 'acme.okta.com' }, 'https://acme.okta.com/oauth2/default/v1/token', undefined],
    ['zoho', { dc: 'eu' }, 'https://accounts.zoho.eu/oauth/v2/token', undefined],
  ])('knows what %s %j means, and whose word the host is', (provider, entered, tokenUrl, host) => {
    const { setup, values } = accepted({ provider, ...entered })
    expect(renderTemplate(setup.grant!.tokenUrl, values)).toBe(tokenUrl)
    expect(catalogueHost(setup.grant!.tokenUrl, values)).toBe(host)
  })

  it.each([
    [
      'a host of the provider alone',
      'salesforce',
      { instance_url: 'https://acme.my.salesforce.com/' },
      'https://acme.my.salesforce.com',
    ],
    ['no other host', 'salesforce', { instance_url: 'https://evil.example' }, undefined],
    ['the usual one where none is told', 'pipedrive', {}, 'https://api.pipedrive.com'],
    [
      'what came with the callback',
      'quickbooks',
      { realmId: '42' },
      'https://quickbooks.api.intuit.com/v3/company/42',
    ],
  ])('takes from the answer %s', (_, provider, extra, baseUrl) => {
    const { setup, values } = accepted({ provider })
    const grants = { main: { ...GRANTS.main, extra: extra as Record<string, string> } }
    expect(renderCredential(setup, values, grants).request.base_url).toBe(baseUrl)
  })

  it('lets a person name another base URL', () => {
    const { setup, values } = accepted({ provider: 'paypal', base_url: 'https://api-m.sandbox.paypal.com/' })
    expect(renderCredential(setup, values, GRANTS).request.base_url).toBe('https://api-m.sandbox.paypal.com')
  })

  it('ends a token at a life that was read, and at one from memory only where it can be renewed', () => {
    const absent = (provider: string) => accepted({ provider }).setup.grant?.expiry.whenAbsent
    expect(absent('zoom')).toEqual({ assumedSeconds: 3600 })
    expect(absent('quickbooks')).toEqual({ assumedSeconds: 3600, onlyIfRenewable: true })
    expect(absent('mailchimp')).toBe('never')
  })

  it.each([
    ['github', ['repo', 'public_repo', 'user:email', 'read:org'], ['repo', 'user', 'admin:org']],
    ['shopify', ['write_orders', 'read_orders'], ['write_orders']],
  ])('knows what %s grants with a broader scope', (id, requiredScopes, grantedScopes) => {
    const main = { mark: 'm', issuedAtMs: 0, expiryBasis: 'unknown', hasRefreshToken: false } as const
    const row = (granted: string[]) => ({
      requiredScopes,
      grants: { main: { ...main, grantedScopes: granted } },
    })
    const { setup } = SETUPS.find(({ preset }) => preset.id === id)!
    expect(missingScopes(setup, row(grantedScopes))).toEqual([])
    expect(missingScopes(setup, row(grantedScopes.slice(1)))).not.toEqual([])
  })

  it('believes a rotation that was only recalled less than one that was read', () => {
    const refresh = (provider: string) => accepted({ provider }).setup.grant?.refresh.rotation
    expect(refresh('google')).toBe('none')
    expect(refresh('salesforce')).toBe('optional')
    expect(refresh('zoom')).toBe('single-use')
    // None is told of, and one that comes all the same is kept.
    expect(refresh('slack')).toBe('optional')
  })
})

const HOSTILE = [
  '',
  'a/b',
  'a?b',
  'a#b',
  'a@evil.example/',
  'a\\b',
  'a b',
  'a\n',
  '..',
  'https://evil.example',
  '{client_secret}',
  'a%2fb',
]

function accepted(entered: JsonObject): { setup: Setup; values: JsonObject } {
  const client = { type: 'AUTHORIZATION_CODE', client_id: 'id-000', client_secret: 'oauth2-secret-000' }
  return validateSetup(findConnector('OAUTH2')!, { ...client, ...entered })
}
