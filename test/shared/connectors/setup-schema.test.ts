import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import * as fc from 'fast-check'
import { CONNECTORS, findConnector } from '../../../shared/connectors/catalogue.ts'
import type { Connector, Field, FieldFormat, Setup } from '../../../shared/connectors/connector.ts'
import { fieldsToFollow } from '../../../shared/connectors/cross-field-rules.ts'
import { canonicalSetup, setupJsonSchema, validateSetup } from '../../../shared/connectors/setup-schema.ts'
import { VaultError } from '../../../shared/domain/errors.ts'
import type { JsonObject } from '../../../shared/domain/json.ts'

const SETUPS = CONNECTORS.flatMap((connector) => connector.setups.map((setup) => ({ connector, setup })))
const REQUIRED = SETUPS.flatMap(({ connector, setup }) =>
  setup.fields.filter((field) => field.required).map((field) => ({ connector, setup, field })),
)
const LENGTHS = SETUPS.flatMap(({ connector, setup }) =>
  setup.fields.filter((field) => field.maxLength !== undefined).map((field) => ({ connector, setup, field })),
)
const BREAKERS = ['\r', '\n', '\0', '\u010a', '\u0080', '\ud800']

describe('validateSetup', () => {
  it.each(SETUPS)('accepts the example of $connector.appId $setup.type', ({ connector, setup }) => {
    expect(validateSetup(connector, setup.example)).toEqual({ setup, values: setup.example })
  })

  it.each(SETUPS.filter(({ setup }) => !setup.typeRequired))(
    'fills in the type of $connector.appId $setup.type',
    ({ connector, setup }) => {
      const { type: _type, ...values } = setup.example
      expect(validateSetup(connector, values)).toEqual({ setup, values: setup.example })
    },
  )

  it.each(SETUPS.filter(({ setup }) => setup.typeRequired))(
    'wants the type of $connector.appId $setup.type',
    ({ connector, setup }) => {
      if (connector.setups.some((other) => !other.typeRequired)) return
      const { type: _type, ...values } = setup.example
      const types = connector.setups.map((each) => each.type).join(', ')
      expectRefusal(connector, values, 'Missing required property: type', 'setup.type', `one of ${types}`)
    },
  )

  it.each(REQUIRED)(
    'wants $field.name of $connector.appId $setup.type',
    ({ connector, setup, field }: { connector: Connector; setup: Setup; field: Field }) => {
      const values = Object.fromEntries(Object.entries(setup.example).filter(([name]) => name !== field.name))
      expectRefusal(connector, values, `Missing required property: ${field.name}`, `setup.${field.name}`)
    },
  )

  it.each(SETUPS.filter(({ setup }) => !setup.additionalProperties))(
    'refuses a member that $connector.appId $setup.type does not have',
    ({ connector, setup }) => {
      const allowed = ['type', ...setup.fields.map((field) => field.name)].join(', ')
      const input = { ...setup.example, extra: 'x' }
      expectRefusal(connector, input, 'Additional properties not allowed: extra', 'setup.extra', allowed)
    },
  )

  it.each(SETUPS)('refuses __proto__ in $connector.appId $setup.type', ({ connector, setup }) => {
    const input: unknown = JSON.parse(`{"__proto__":"x",${JSON.stringify(setup.example).slice(1)}`)
    expectRefusal(connector, input, 'Additional properties not allowed: __proto__', 'setup.__proto__')
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  })

  it.each(LENGTHS)('bounds $field.name of $connector.appId $setup.type', ({ connector, setup, field }) => {
    const max = field.maxLength!
    const unit = ['https-url', 'url-template'].includes(field.format) ? 'https://example.com/' : ''
    const longest = unit + 'x'.repeat(max - unit.length)
    if (field.format !== 'hostname') {
      expect(validateSetup(connector, { ...setup.example, [field.name]: longest }).setup).toBe(setup)
    }
    const reason = `String is too long (${max + 1} chars), maximum ${max}`
    expectRefusal(connector, { ...setup.example, [field.name]: `${longest}x` }, reason, `setup.${field.name}`)
  })

  it('counts characters, not UTF-16 units', () => {
    const username = '😀'.repeat(155)
    const input = { type: 'BASIC_AUTH', username }
    expect(validateSetup(app('HTTP'), input).values).toEqual(input)
    const reason = 'String is too long (156 chars), maximum 155'
    expectRefusal(app('HTTP'), { ...input, username: `${username}😀` }, reason, 'setup.username')
  })

  it.each(SETUPS)('refuses an empty value in $connector.appId $setup.type', ({ connector, setup }) => {
    for (const field of setup.fields.filter((each) => isText(each.format) && !each.enum)) {
      const reason = `String is too short (0 chars), minimum ${field.minLength ?? 1}`
      expectRefusal(connector, { ...setup.example, [field.name]: '' }, reason, `setup.${field.name}`)
    }
  })

  it.each([
    [5, 'integer'],
    [1.5, 'number'],
    [true, 'boolean'],
    [null, 'null'],
    [[], 'array'],
    [{}, 'object'],
  ])('refuses %p for a text', (value, type) => {
    const reason = `Expected type string but found type ${type}`
    expectRefusal(app('TELEGRAM'), { type: 'TOKEN', token: value }, reason, 'setup.token')
  })

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    ['x', 'string'],
    [[], 'array'],
    [7, 'integer'],
  ])('refuses %p for a setup', (input, type) => {
    expectRefusal(app('TELEGRAM'), input, `Expected type object but found type ${type}`, 'setup', 'an object')
  })

  it('names the enumeration that a value is not in', () => {
    const input = { type: 'API_KEY', name: 'a', value: 'b', in: 'COOKIE' }
    expectRefusal(app('HTTP'), input, 'No enum match for: COOKIE', 'setup.in', 'one of HEADER, QUERY')
    expectRefusal(app('HTTP'), { ...input, in: 5 }, 'Expected type string but found type integer', 'setup.in')
    const jwt = { type: 'JWT', algorithm: 'none', secret: 'x' }
    expectRefusal(app('JWT'), jwt, 'No enum match for: none', 'setup.algorithm')
  })

  it('names the types there are when the type is none of them', () => {
    expectRefusal(
      app('ZAPIER'),
      { type: 'API_KEY' },
      'No enum match for: API_KEY',
      'setup.type',
      'one of WEBHOOK',
    )
    const reason = "Data does not match any schemas from 'oneOf'"
    expectRefusal(app('SLACK'), { type: 'TOKEN' }, reason, 'setup.type', 'one of WEBHOOK, OAUTH_CODE')
    expectRefusal(app('SLACK'), { type: 5 }, 'Expected type string but found type integer', 'setup.type')
    expectRefusal(app('SLACK'), { type: 'toString' }, reason, 'setup.type')
  })

  it('cuts what it shows of a name to 60 characters', () => {
    const name = 'n'.repeat(500)
    const input = { type: 'TOKEN', token: 'x', [name]: 1 }
    const shown = `${'n'.repeat(59)}…`
    expectRefusal(app('TELEGRAM'), input, `Additional properties not allowed: ${shown}`, `setup.${shown}`)
  })

  it('tells what is missing before what is wrong', () => {
    const input = { type: 'OAUTH_APP', client_id: 5, domain: 'https://x', extra: 1 }
    expectRefusal(app('AUTH0'), input, 'Missing required property: client_secret', 'setup.client_secret')
  })

  it('names the format of a URL, a host name and a key', () => {
    const activecampaign = { type: 'API_KEY', api_key: 'k', base_url: 'http://example.com' }
    const url = "Object didn't pass validation for format forms-url-https"
    expectRefusal(app('ACTIVECAMPAIGN'), activecampaign, url, 'setup.base_url')
    const auth0 = { type: 'OAUTH_APP', client_id: 'a', client_secret: 'b', domain: 'https://acme.auth0.com' }
    const host = "Object didn't pass validation for format hostname-rfc2181"
    expectRefusal(app('AUTH0'), auth0, host, 'setup.domain')
    const pem = "Object didn't pass validation for format pem-private-key"
    expectRefusal(app('BIGQUERY'), { private_key: 'abc' }, pem, 'setup.private_key')
  })

  it('refuses a key that the vault could not sign with, and says which it could', () => {
    const { privateKey: short } = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const { privateKey: elliptic } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const pemOf = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString()
    const garbage = '-----BEGIN PRIVATE KEY-----\nMIIfake\n-----END PRIVATE KEY-----\n'
    // In the middle of its numbers: it is parsed, and signs what nobody can verify.
    const { privateKey: whole } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const damaged = pemOf(whole).replace(/^(.{300}).{4}/s, (_, before: string) => `${before}AAAA`)
    const told = "Object didn't pass validation for format pem-private-key"
    for (const key of [garbage, damaged, pemOf(short), pemOf(elliptic)])
      expectRefusal(
        app('BIGQUERY'),
        { private_key: key },
        told,
        'setup.private_key',
        /RSA of 2048 to 4096 bits/,
      )
    const client = {
      type: 'AUTHORIZATION_CODE',
      client_id: 'c',
      token_endpoint_auth_method: 'private_key_jwt',
      authorization_url: 'https://idp.example.com/authorize',
      token_url: 'https://idp.example.com/token',
    }
    for (const key of [garbage, damaged, pemOf(short)])
      expectRefusal(app('OAUTH2'), { ...client, private_key: key }, told, 'setup.private_key', /or Ed25519/)
    expect(validateSetup(app('OAUTH2'), { ...client, private_key: pemOf(elliptic) }).values).toMatchObject(
      client,
    )
  })

  it('accepts a BigQuery setup without any field, as Auth0 does', () => {
    expect(validateSetup(app('BIGQUERY'), {}).values).toEqual({ type: 'OAUTH_JWT' })
  })

  it('keeps a Salesforce host under salesforce.com', () => {
    const allowed = 'a host under salesforce.com'
    for (const domain of ['evil.com', 'salesforce.com.evil.com', 'notsalesforce.com']) {
      expectRefusal(app('SALESFORCE'), { domain }, 'Host is not allowed', 'setup.domain', allowed)
      const login_url = `https://${domain}`
      expectRefusal(app('SALESFORCE'), { login_url }, 'Host is not allowed', 'setup.login_url', allowed)
    }
    expect(validateSetup(app('SALESFORCE'), { domain: 'acme.my.salesforce.com' }).values).toBeDefined()
  })

  it('takes a setup without what may follow, and tells what that is', () => {
    const awaited = (values: JsonObject) => fieldsToFollow(setupOf('JWT', 'JWT'), values)
    for (const algorithm of ['HS256', 'HS384', 'HS512']) {
      const { values } = validateSetup(app('JWT'), { type: 'JWT', algorithm })
      expect(awaited(values)).toEqual(['secret'])
      expect(awaited({ ...values, secret: 'x' })).toEqual([])
    }
    for (const algorithm of ['RS256', 'PS384', 'ES512']) {
      const { values } = validateSetup(app('JWT'), { type: 'JWT', algorithm })
      expect(awaited(values)).toEqual(['private_key'])
      expect(awaited({ ...values, private_key: 'x' })).toEqual([])
      expect(awaited({ ...values, public_key: 'x' })).toEqual([])
      expect(awaited({ ...values, secret: 'x' })).toEqual(['private_key'])
    }
  })

  it('checks the rules over several fields', () => {
    const basic = { type: 'BASIC_AUTH', username: 'a:b' }
    expectRefusal(app('HTTP'), basic, 'A colon is not allowed in: username', 'setup.username')
    const header = { type: 'API_KEY', name: 'Host', value: 'x', in: 'HEADER' }
    const reason = "Object didn't pass validation for format header-name"
    expectRefusal(app('HTTP'), header, reason, 'setup.name')
    expect(validateSetup(app('HTTP'), { ...header, name: 'filter[key]', in: 'QUERY' }).values).toBeDefined()
    const code = { ...setupOf('OAUTH2', 'AUTHORIZATION_CODE').example, client_secret: undefined }
    const method = { ...code, token_endpoint_auth_method: 'client_secret_post' }
    expect(validateSetup(app('OAUTH2'), code).values).toBeDefined()
    expectRefusal(app('OAUTH2'), method, 'Missing required property: client_secret', 'setup.client_secret')
  })

  describe('for undeclared members', () => {
    it('keeps texts, numbers and truth values', () => {
      const input = { code: 'c', tenant: 'x', retries: 3, ratio: 0.5, sandbox: true, constructor: 'y' }
      expect(validateSetup(app('HUBSPOT'), input).values).toEqual({ ...input, type: 'OAUTH_CODE' })
    })

    it.each([[null], [[]], [{}], [['x']], [{ a: 1 }]])('refuses %p', (value) => {
      const reason = "Data does not match any schemas from 'oneOf'"
      expectRefusal(app('HUBSPOT'), { more: value }, reason, 'setup.more', 'text, a number, or true or false')
    })

    it.each([
      ['SALESFORCE', {}, 'naming it in POST …/authorize'],
      ['STRIPE', { code: 'c' }, 'naming it in POST …/authorize'],
      ['JWT', { type: 'JWT', algorithm: 'HS256', secret: 'x'.repeat(32) }, undefined],
    ])('refuses the name of an OAuth application that %s would not use', (appId, setup, allowed) => {
      const reason = 'Additional properties not allowed: oauth_app_id'
      const input = { ...setup, oauth_app_id: 'oa_1' }
      expectRefusal(app(appId), input, reason, 'setup.oauth_app_id', allowed)
    })

    it('takes 20 and no more', () => {
      const members = (count: number) =>
        Object.fromEntries(Array.from({ length: count }, (_, index) => [`m${index}`, index]))
      expect(validateSetup(app('HUBSPOT'), members(20)).values).toBeDefined()
      const reason = 'Too many undeclared properties (21), maximum 20'
      expectRefusal(app('HUBSPOT'), members(21), reason, 'setup')
    })

    it('takes names of 55 characters and no more', () => {
      expect(validateSetup(app('HUBSPOT'), { ['n'.repeat(55)]: 1 }).values).toBeDefined()
      const name = 'n'.repeat(56)
      const reason = 'Property name is too long (56 chars), maximum 55'
      expectRefusal(app('HUBSPOT'), { [name]: 1 }, reason, `setup.${name}`)
    })
  })

  describe('for size', () => {
    const overhead = canonicalSetup({ type: 'TOKEN', token: '' }).length

    it('takes 65,536 bytes in all and no more', () => {
      const setup = (length: number) => ({ type: 'TOKEN', token: 'x'.repeat(length) })
      expect(validateSetup(app('TELEGRAM'), setup(65_536 - overhead)).values).toBeDefined()
      const reason = 'Setup is too large (65537 bytes), maximum 65536'
      expectRefusal(app('TELEGRAM'), setup(65_537 - overhead), reason, 'setup')
      const tooLong = 'String is too long (65537 bytes), maximum 65536'
      expectRefusal(app('TELEGRAM'), setup(65_537), tooLong, 'setup.token')
    })

    it('counts bytes, not characters', () => {
      const jwt = (secret: string) => ({ type: 'JWT', algorithm: 'HS256', secret })
      const room = 65_536 - canonicalSetup(jwt('')).length
      const fitting = 'ä'.repeat(Math.floor(room / 2)) + 'x'.repeat(room % 2)
      expect(validateSetup(app('JWT'), jwt(fitting)).values).toBeDefined()
      const reason = 'Setup is too large (65537 bytes), maximum 65536'
      expectRefusal(app('JWT'), jwt(`${fitting}x`), reason, 'setup')
      const long = 'String is too long (65538 bytes), maximum 65536'
      expectRefusal(app('JWT'), jwt('ä'.repeat(32_769)), long, 'setup.secret')
      expectRefusal(app('JWT'), { ...jwt('x'), more: 'ä'.repeat(32_769) }, /./, 'setup.more')
    })
  })

  describe('for values that travel in a header', () => {
    const tokens = SETUPS.flatMap(({ connector, setup }) =>
      setup.fields
        .filter((field) => travelsInHeader(setup, field))
        .map((field) => ({ connector, setup, field })),
    )

    it('knows them all', () => {
      const names = tokens.map(
        ({ connector, setup, field }) => `${connector.appId} ${setup.type} ${field.name}`,
      )
      expect(names).toHaveLength(17)
      expect(names).toContain('HTTP API_KEY value')
    })

    it.each(tokens)('refuses what breaks one in $field.name of $connector.appId $setup.type', (entry) => {
      const { connector, setup, field } = entry
      // Basic credentials are base64, so only what RFC 7617 §2 forbids, control characters, is refused in them.
      const encoded = field.name === 'username' || field.name === 'password'
      for (const breaker of encoded ? ['\r', '\n', '\0', '\u0080', '\ud800'] : BREAKERS) {
        for (const value of [`a${breaker}b`, breaker, `a${breaker}`]) {
          const input = { ...setup.example, [field.name]: value }
          expectRefusal(connector, input, /format/, `setup.${field.name}`)
        }
      }
      if (encoded) return
      for (const value of [' a', 'a ']) {
        const input = { ...setup.example, [field.name]: value }
        expectRefusal(connector, input, /format/, `setup.${field.name}`)
      }
    })
  })

  it('refuses any further member of a closed setup, and tells no secret', () => {
    const closed = SETUPS.filter(({ setup }) => !setup.additionalProperties)
    const secret = 'S3cr3t-never-to-be-shown'
    const property = fc.property(
      fc.constantFrom(...closed),
      fc.string({ minLength: 1, maxLength: 80 }),
      fc.jsonValue(),
      ({ connector, setup }, name, value) => {
        fc.pre(name !== 'type' && !setup.fields.some((field) => field.name === name))
        const secrets = setup.fields.filter((field) => field.secret && field.format !== 'named-values')
        const withSecrets = Object.fromEntries(secrets.map((field) => [field.name, secret]))
        const input: unknown = JSON.parse(
          `{${JSON.stringify(name)}:${JSON.stringify(value)},${JSON.stringify({ ...setup.example, ...withSecrets }).slice(1)}`,
        )
        const error = refusalOf(connector, input)
        expect(error.message).toMatch(/^Additional properties not allowed: /)
        expect(JSON.stringify([error.message, error.detail])).not.toContain(secret)
      },
    )
    fc.assert(property, { seed: 20_261_124, numRuns: 500 })
  })

  it('tells no secret in any reason, whatever is wrong with it', () => {
    const secret = 'S3cr3t-never-to-be-shown'
    for (const { connector, setup } of SETUPS) {
      for (const field of setup.fields.filter((each) => each.secret && each.format !== 'named-values')) {
        const parameters = { code: secret, [`${secret} `]: secret }
        const wrong = field.format === 'parameters' ? parameters : { [secret]: secret }
        for (const value of [`${secret}\0`, secret.repeat(4_000), [secret], wrong]) {
          const error = refusalOf(connector, { ...setup.example, [field.name]: value })
          expect(JSON.stringify([error.message, error.detail, error.cause])).not.toContain(secret)
        }
      }
    }
  })
})

describe('validateSetup of OAUTH2', () => {
  const example = app('OAUTH2').setups[0]!.example

  it('leaves blanks at the ends of ids and secrets out, and says which', () => {
    const sent = { ...example, client_id: ' cid\u00a0', client_secret: '\tsecret\u200b ', audience: 'a b ' }
    const { values, trimmed } = validateSetup(app('OAUTH2'), sent)
    expect(values).toMatchObject({ client_id: 'cid', client_secret: 'secret', audience: 'a b' })
    expect(trimmed).toEqual(['client_id', 'client_secret', 'audience'])
    expect(validateSetup(app('OAUTH2'), example)).not.toHaveProperty('trimmed')
    expectRefusal(app('OAUTH2'), { ...example, client_id: '  ' }, /too short/, 'setup.client_id')
  })

  it.each([
    [{ access_type: 'offline', prompt: 'consent', 'filter[a]': '' }, undefined],
    [{ state: 'mine' }, 'setup.authorization_parameters.state'],
    [{ client_id: 'other' }, 'setup.authorization_parameters.client_id'],
    [{ redirect_uri: 'https://evil.example' }, 'setup.authorization_parameters.redirect_uri'],
    [{ 'a b': 'x' }, 'setup.authorization_parameters'],
    [{ a: 'x\ny' }, 'setup.authorization_parameters.a'],
    [{ a: 'x'.repeat(2_049) }, 'setup.authorization_parameters.a'],
    [{ a: 7 }, 'setup.authorization_parameters.a'],
    [
      Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`p${n}`, ''])),
      'setup.authorization_parameters',
    ],
    ['a=b', 'setup.authorization_parameters'],
  ])('takes extra parameters that the request does not have itself: %j', (value, field) => {
    const input = { ...example, authorization_parameters: value }
    if (field !== undefined) return expectRefusal(app('OAUTH2'), input, /./, field)
    expect(validateSetup(app('OAUTH2'), input).values).toMatchObject({ authorization_parameters: value })
  })

  it.each([
    ['scope', 'x'.repeat(8_192), true],
    ['scope_at_refresh', true, true],
    ['scope_at_refresh', 'true', false],
    ['access_token_lifetime', 0, true],
    ['access_token_lifetime', 3600, true],
    ['access_token_lifetime', -1, false],
    ['access_token_lifetime', 1.5, false],
    ['access_token_lifetime', '3600', false],
    ['extra_fields', ['instance_url', 'team.id'], true],
    ['extra_fields', [], false],
    ['extra_fields', ['a b'], false],
    ['extra_fields', ['refresh_token_expires_in'], true],
    ['extra_fields', ['refresh_token'], false],
    ['extra_fields', ['data.refreshToken'], false],
    ['base_url', 'https://api.example.com/{realmId}', true],
    ['base_url', 'https://api.example.com/{authed_user.refresh_token}', false],
    ['pkce', 'off', true],
    ['pkce', 'plain', false],
    ['scope_separator', 'comma', true],
    ['scope_separator', ',', false],
  ])('takes %s: %j, or not: %s', (name, value, accepted) => {
    const input = { ...example, [name]: value }
    if (accepted) return expect(validateSetup(app('OAUTH2'), input).values).toMatchObject({ [name]: value })
    expectRefusal(app('OAUTH2'), input, /./, new RegExp(`^setup\\.${name}`))
  })

  it('lists all that is wrong with a setup at once', () => {
    const { token_url: _url, ...rest } = example
    const input = { ...rest, client_id: 7, pkce: 'plain', authorization_parameters: { state: 'x' } }
    expect(refusalOf(app('OAUTH2'), input).detail.errors?.map(({ path, code }) => [path, code])).toEqual([
      ['setup.token_url', 'missing'],
      ['setup.client_id', 'type'],
      ['setup.pkce', 'value'],
      ['setup.authorization_parameters.state', 'value'],
    ])
  })

  it.each([
    ['TWILIO', { account_id: 'AC1' }, ['type', 'api_key']],
    ['OAUTH2', {}, ['type', 'client_id', 'token_url']],
    ['OAUTH2', { provider: 'shopify', client_id: 'c' }, ['type', 'shop']],
  ])('tells with the type of %s what is missing in each case: %j', (appId, input, missing) => {
    expect(refusalOf(app(appId), input).detail.errors?.map(({ path }) => path)).toEqual(
      missing.map((name) => `setup.${name}`),
    )
  })

  it('lists what is wrong with one named value whatever is wrong with another', () => {
    const values = [
      { name: 'a', value: 'v', in: 'HEADER', as: 'Host' },
      { name: 'b', value: 'v', in: 'COOKIE' },
      { value: 'v' },
    ]
    const paths = refusalOf(app('CUSTOM'), { type: 'CUSTOM', values }).detail.errors?.map(({ path }) => path)
    expect(paths?.toSorted()).toEqual(['setup.values.0.as', 'setup.values.1.in', 'setup.values.2.name'])
  })

  it('asks for what the client’s way of proving itself needs', () => {
    const machine = { ...app('OAUTH2').setups[1]!.example, client_secret: undefined }
    const bare = JSON.parse(JSON.stringify(machine)) as Record<string, string>
    const by = (method: string) => ({ ...bare, token_endpoint_auth_method: method })
    expectRefusal(app('OAUTH2'), by('client_secret_jwt'), /Missing required/, 'setup.client_secret')
    expectRefusal(app('OAUTH2'), by('private_key_jwt'), /Missing required/, 'setup.private_key')
    const { token_endpoint_auth_method: _method, ...unsaid } = bare
    expectRefusal(app('OAUTH2'), unsaid, /Missing required/, 'setup.client_secret')
    expect(validateSetup(app('OAUTH2'), by('none')).values).toMatchObject({ client_id: bare['client_id'] })
  })
})

describe('canonicalSetup', () => {
  it('is the same for every order of the members', () => {
    expect(canonicalSetup({ b: 1, a: [{ d: 'x', c: true }] })).toBe('{"a":[{"c":true,"d":"x"}],"b":1}')
    expect(canonicalSetup({ a: [{ c: true, d: 'x' }], b: 1 })).toBe('{"a":[{"c":true,"d":"x"}],"b":1}')
  })

  it('leaves out what is absent, and keeps the order of lists', () => {
    expect(canonicalSetup({ a: undefined, b: [2, 1], c: null })).toBe('{"b":[2,1],"c":null}')
  })
})

describe('setupJsonSchema', () => {
  it.each(SETUPS)('of $connector.appId $setup.type marks exactly the secrets', ({ setup }) => {
    const schema = setupJsonSchema(setup)
    const properties = schema['properties'] as Record<string, Record<string, unknown>>
    expect(schema['$schema']).toBe('https://json-schema.org/draft/2020-12/schema')
    for (const field of setup.fields) {
      expect(properties[field.name]?.['title']).toBe(field.label)
      expect(properties[field.name]?.['writeOnly'] ?? false).toBe(field.secret)
    }
    expect(schema['additionalProperties'] === false).toBe(!setup.additionalProperties)
  })

  it('states lengths, enumerations, formats and what else is required', () => {
    expect(setupJsonSchema(setupOf('HTTP', 'API_KEY'))).toMatchObject({
      required: ['type', 'name', 'value', 'in'],
      properties: {
        type: { const: 'API_KEY' },
        name: { type: 'string', minLength: 1, maxLength: 55 },
        in: { enum: ['HEADER', 'QUERY'] },
      },
    })
    expect(setupJsonSchema(setupOf('ACTIVECAMPAIGN', 'API_KEY'))).toMatchObject({
      properties: { base_url: { format: 'uri', pattern: '^https://', maxLength: 2_048 } },
    })
    const ownClient = setupJsonSchema(setupOf('OAUTH2', 'CLIENT_CREDENTIALS'))
    const conditions = ownClient['allOf'] as Record<string, unknown>[]
    expect(
      conditions.find(({ then }) => JSON.stringify(then) === '{"required":["private_key"]}'),
    ).toMatchObject({
      if: { properties: { token_endpoint_auth_method: { enum: ['private_key_jwt'] } } },
    })
    // What may follow is no condition of the body.
    expect(setupJsonSchema(setupOf('JWT', 'JWT'))['allOf']).toBeUndefined()
  })
})

function app(appId: string): Connector {
  return findConnector(appId)!
}

function setupOf(appId: string, type: string): Setup {
  return app(appId).setups.find((setup) => setup.type === type)!
}

function travelsInHeader(setup: Setup, field: Field): boolean {
  return setup.request.some(
    (part) => part.place === 'header' && new RegExp(`[{(,]${field.name}[},)]`).test(String(part.value)),
  )
}

function refusalOf(connector: Connector, input: unknown): VaultError {
  try {
    validateSetup(connector, input)
  } catch (error) {
    expect(error).toBeInstanceOf(VaultError)
    return error as VaultError
  }
  throw new Error(`accepted ${JSON.stringify(input as JsonObject).slice(0, 200)}`)
}

function expectRefusal(
  connector: Connector,
  input: unknown,
  reason: string | RegExp,
  field: string | RegExp,
  allowed?: string | RegExp,
): void {
  const error = refusalOf(connector, input)
  expect(error.code).toBe('invalid-body')
  if (typeof reason === 'string') expect(error.message).toBe(reason)
  else expect(error.message).toMatch(reason)
  if (typeof field === 'string') expect(error.detail.field).toBe(field)
  else expect(error.detail.field).toMatch(field)
  if (allowed instanceof RegExp) expect(error.detail.allowed).toMatch(allowed)
  else if (allowed !== undefined) expect(error.detail.allowed).toBe(allowed)
}

function isText(format: FieldFormat): boolean {
  return !['named-values', 'member-names', 'parameters', 'seconds', 'flag'].includes(format)
}
