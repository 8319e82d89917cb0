import { generateKeyPairSync } from 'node:crypto'
import { decodeProtectedHeader, jwtVerify } from 'jose'
import { findConnector } from '../../../../shared/connectors/catalogue.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import type { TokenRequest } from '../../../../shared/ports/oauth-client.ts'
import {
  type AskOverrides,
  REFRESH_GRANT,
  replyJson,
  TOKEN,
  TokenEndpoint,
} from '../../../support/token-endpoint.ts'

const [person, machine] = findConnector('OAUTH2')!.setups
const CODE: TokenRequest['grant'] = { kind: 'authorization-code', code: new SecretText('code-1'), scopes: [] }

describe('a token request as the setup chooses it', () => {
  let endpoint: TokenEndpoint
  beforeAll(async () => {
    endpoint = await TokenEndpoint.start()
    endpoint.reply = replyJson(200, TOKEN)
  })
  beforeEach(() => endpoint.seen.splice(0))
  afterAll(() => endpoint.close())

  /** What the endpoint was asked with. */
  const asked = async (setup: object, overrides: AskOverrides = {}) => {
    const { grant } = overrides
    const profile = (grant === undefined ? machine : person)!.grant!
    const outcome = await endpoint.ask({ ...overrides, profile, setup: setup as never })
    if (outcome.kind !== 'granted') throw new Error(outcome.message)
    const { body, headers } = endpoint.seen.at(-1)!
    return { headers, parameters: Object.fromEntries(new URLSearchParams(body)), body }
  }

  it('says scopes again at a renewal only when it is chosen, and never more than were granted', async () => {
    const setup = { scope_at_refresh: true, scope: 'api://app/access offline_access extra' }
    const scopes = ['api://app/access', 'offline_access', 'extra']
    const grant = { ...REFRESH_GRANT, granted: ['access'] }
    expect((await asked(setup, { grant, scopes })).parameters).toMatchObject({
      grant_type: 'refresh_token',
      scope: 'api://app/access offline_access',
    })
    expect((await asked({}, { grant, scopes })).parameters).not.toHaveProperty('scope')
    const { granted: _granted, ...silent } = grant
    expect((await asked(setup, { grant: silent, scopes })).parameters['scope']).toBe(scopes.join(' '))
  })

  it.each([
    ['the code', CODE],
    ['a renewal', REFRESH_GRANT],
  ])('names the resource and the parameters of one’s own with %s', async (_what, grant) => {
    const setup = { resource: 'https://api.example.com', token_parameters: { account_id: '{x}', code: 'no' } }
    const { parameters } = await asked(setup, { grant })
    expect(parameters).toMatchObject({ resource: 'https://api.example.com', account_id: '{x}' })
    expect(parameters['code']).toBe(grant === CODE ? 'code-1' : 'no')
  })

  it('sends JSON, account credentials, and separators', async () => {
    const json = await asked(
      { token_request_format: 'json', scope_separator: 'comma' },
      { scopes: ['a', 'b'] },
    )
    expect(json.headers['content-type']).toBe('application/json')
    expect(JSON.parse(json.body)).toMatchObject({ grant_type: 'client_credentials', scope: 'a,b' })
    const zoom = { grant_type: 'account_credentials', token_parameters: { account_id: 'z-1' } }
    expect((await asked(zoom)).parameters).toMatchObject({
      grant_type: 'account_credentials',
      account_id: 'z-1',
    })
    expect((await asked({ scope_separator: 'plus' }, { scopes: ['a', 'b'] })).body).toContain('scope=a%2Bb')
  })

  it.each([
    ['RS256', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['ES512', generateKeyPairSync('ec', { namedCurve: 'P-521' })],
    ['EdDSA', generateKeyPairSync('ed25519')],
  ])('proves the client by an assertion signed with %s', async (alg, { privateKey, publicKey }) => {
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const setup = { token_endpoint_auth_method: 'private_key_jwt', private_key: pem, private_key_id: 'k1' }
    const jtis = new Set<unknown>()
    for (const grant of [undefined, REFRESH_GRANT, CODE]) {
      const { parameters, headers } = await asked(setup, grant === undefined ? {} : { grant })
      const assertion = parameters['client_assertion']!
      expect(headers.authorization).toBeUndefined()
      expect(parameters).toMatchObject({
        client_id: 'client-1',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      })
      expect(parameters).not.toHaveProperty('client_secret')
      expect(decodeProtectedHeader(assertion)).toEqual({ alg, typ: 'JWT', kid: 'k1' })
      const { payload } = await jwtVerify(assertion, publicKey, { audience: `${endpoint.url}/token` })
      expect(payload).toMatchObject({ iss: 'client-1', sub: 'client-1' })
      jtis.add(payload.jti)
    }
    expect(jtis.size).toBe(3)
  })

  it('proves it with the secret too, for whom the setup names', async () => {
    const secret = 'a-client-secret-of-32-characters'
    const setup = {
      token_endpoint_auth_method: 'client_secret_jwt',
      assertion_audience: 'https://issuer.example',
    }
    const client = { id: 'client-1', secret: new SecretText(secret) }
    const { parameters } = await asked(setup, { client })
    const key = Buffer.from(secret)
    const { payload } = await jwtVerify(parameters['client_assertion']!, key, {
      audience: 'https://issuer.example',
    })
    expect(payload.iss).toBe('client-1')
    expect(JSON.stringify(parameters)).not.toContain(secret)
  })

  it.each([
    'nonsense',
    generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
  ])('sends nothing with a key that cannot sign', async (key) => {
    const setup = { token_endpoint_auth_method: 'private_key_jwt', private_key: String(key) }
    const outcome = await endpoint.ask({ profile: machine!.grant!, setup })
    expect(outcome).toMatchObject({ kind: 'app-broken', code: 'invalid_key' })
    expect(endpoint.seen).toHaveLength(0)
  })

  it('keeps the members that the setup names, of answer and callback', async () => {
    endpoint.reply = replyJson(200, { ...TOKEN, instance_url: 'https://eu1.example.com', other: 'x' })
    const setup = { extra_fields: ['instance_url', 'team.id'], base_url: 'https://api.example.com/{realmId}' }
    const grant = { ...CODE, callback: { realmId: '9130', other: 'y', instance_url: 'https://evil.example' } }
    const outcome = await endpoint.ask({ grant, profile: person!.grant!, setup: setup as never })
    expect(outcome).toMatchObject({
      grants: { main: { extra: { instance_url: 'https://eu1.example.com', realmId: '9130' } } },
    })
    expect(outcome).not.toHaveProperty('grants.main.extra.other')
    endpoint.reply = replyJson(200, TOKEN)
  })

  it('assumes the life that the setup states', async () => {
    endpoint.reply = replyJson(200, { access_token: 'a' })
    const lifeOf = async (access_token_lifetime: number) =>
      endpoint.ask({ grant: CODE, profile: person!.grant!, setup: { access_token_lifetime } as never })
    expect(await lifeOf(7200)).toMatchObject({
      grants: { main: { lifeMs: 7_200_000, expiryBasis: 'assumed' } },
    })
    expect(await lifeOf(0)).toMatchObject({ grants: { main: { expiryBasis: 'never' } } })
    endpoint.reply = replyJson(200, TOKEN)
  })
})
