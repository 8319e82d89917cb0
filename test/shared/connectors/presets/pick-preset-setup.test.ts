import { findConnector } from '../../../../shared/connectors/catalogue.ts'
import { validateSetup } from '../../../../shared/connectors/setup-schema.ts'
import { VaultError } from '../../../../shared/domain/errors.ts'
import type { JsonObject } from '../../../../shared/domain/json.ts'

const CLIENT = { client_id: 'id-000', client_secret: 'secret-000' }
const CODE = { type: 'AUTHORIZATION_CODE', ...CLIENT }

function validate(appId: string, setup: JsonObject) {
  return validateSetup(findConnector(appId)!, setup)
}

function refusalOf(appId: string, setup: JsonObject): VaultError {
  try {
    validate(appId, setup)
  } catch (error) {
    if (error instanceof VaultError) return error
    throw error
  }
  throw new Error('accepted')
}

describe('pickPresetSetup', () => {
  it('takes the type from a service that has one way only, and keeps it in the values', () => {
    expect(validate('OAUTH2', { provider: 'github', ...CLIENT }).values).toEqual({
      type: 'AUTHORIZATION_CODE',
      provider: 'github',
      ...CLIENT,
    })
    expect(validate('HTTP', { provider: 'openai', token: 'k' }).values['type']).toBe('BEARER')
    expect(validate('HTTP', { provider: 'anthropic', value: 'k' }).setup.type).toBe('API_KEY:anthropic')
  })

  it.each([
    [
      'an unknown service, with what is close',
      'OAUTH2',
      { provider: 'githib' },
      'provider',
      'No enum match for: githib',
      /^github.*connectors\/OAUTH2\/presets/,
    ],
    [
      'one that is close to none',
      'OAUTH2',
      { provider: 'zzz' },
      'provider',
      'No enum match for: zzz',
      /^GET \/api/,
    ],
    [
      'a name that is no text',
      'OAUTH2',
      { provider: 7 },
      'provider',
      'Expected type string but found type integer',
      undefined,
    ],
    [
      'a service of the other app',
      'OAUTH2',
      { provider: 'openai' },
      'provider',
      'OpenAI is no service of OAUTH2',
      /the app HTTP/,
    ],
    [
      'and the other way round',
      'HTTP',
      { provider: 'xero' },
      'provider',
      'Xero is no service of HTTP',
      /the app OAUTH2/,
    ],
    [
      'no type where there are several ways',
      'OAUTH2',
      { provider: 'salesforce', ...CLIENT },
      'type',
      'Missing required property: type',
      /^one of AUTHORIZATION_CODE, CLIENT_CREDENTIALS$/,
    ],
    [
      'a way that the service does not have',
      'OAUTH2',
      { provider: 'github', ...CLIENT, type: 'CLIENT_CREDENTIALS' },
      'type',
      'No enum match for: CLIENT_CREDENTIALS',
      /^one of AUTHORIZATION_CODE$/,
    ],
    [
      'the inner name of a way',
      'OAUTH2',
      { ...CLIENT, type: 'AUTHORIZATION_CODE:github' },
      'type',
      "Data does not match any schemas from 'oneOf'",
      /^one of AUTHORIZATION_CODE, /,
    ],
    [
      'a type that is no text',
      'OAUTH2',
      { provider: 'github', ...CLIENT, type: 7 },
      'type',
      'Expected type string but found type integer',
      /AUTHORIZATION_CODE/,
    ],
    [
      'an address beside the name',
      'OAUTH2',
      { provider: 'github', ...CODE, token_url: 'https://evil.example/token' },
      'token_url',
      'Additional properties not allowed: token_url',
      /^type, provider, client_id/,
    ],
    [
      'a missing input',
      'OAUTH2',
      { provider: 'shopify', ...CODE },
      'shop',
      'Missing required property: shop',
      undefined,
    ],
    [
      'an input that would lead elsewhere',
      'OAUTH2',
      { provider: 'shopify', ...CODE, shop: 'evil.example/' },
      'shop',
      'String does not match pattern ^[a-z0-9][a-z0-9-]*$',
      /your-store/,
    ],
    [
      'a host that is not the service’s',
      'OAUTH2',
      { provider: 'salesforce', ...CODE, host: 'evil.example' },
      'host',
      'Host is not allowed',
      /salesforce\.com/,
    ],
  ] as const)('refuses %s', (_, appId, setup, field, reason, allowed) => {
    const { code, message, detail } = refusalOf(appId, setup)
    expect([code, message, detail.field]).toEqual(['invalid-body', reason, `setup.${field}`])
    if (allowed !== undefined) expect(detail.allowed).toMatch(allowed)
  })

  it('leaves a member of that name alone in an app without services', () => {
    const setup = { type: 'OAUTH_CODE', provider: 'github' }
    expect(validate('SLACK', setup).values).toEqual(setup)
  })
})
