import { CONNECTORS, findConnector } from '../../../shared/connectors/catalogue.ts'
import { describeConnector } from '../../../shared/connectors/describe-connector.ts'
import { validateSetup } from '../../../shared/connectors/setup-schema.ts'

describe('describeConnector', () => {
  it('describes an app with its setups and fields', () => {
    const described = describeConnector(findConnector('ACTIVECAMPAIGN')!)
    expect(described).toMatchObject({
      app_id: 'ACTIVECAMPAIGN',
      label: 'ActiveCampaign',
      category: 'marketing',
      category_label: 'Marketing',
      setups: [
        {
          type: 'API_KEY',
          type_required: true,
          renews: false,
          authorization: 'none',
          additional_properties: false,
          testable: true,
          example: { type: 'API_KEY', api_key: '<api_key>', base_url: 'https://acme.api-us1.com' },
        },
      ],
    })
    expect(described.setups[0]?.fields[1]).toEqual({
      name: 'base_url',
      label: 'API URL',
      help: 'The URL shown beside the key, such as https://acme.api-us1.com.',
      secret: false,
      required: true,
      format: 'https-url',
      example: 'https://acme.api-us1.com',
    })
    expect(described.setups[0]).not.toHaveProperty('default_scopes')
    expect(described.setups[0]).not.toHaveProperty('oauth_client')
  })

  it.each([
    ['AUTH0', 'OAUTH_APP', true, 'none', undefined],
    ['BIGQUERY', 'OAUTH_JWT', true, 'none', undefined],
    ['SALESFORCE', 'OAUTH_CODE', true, 'interactive', 'oauth-application'],
    ['MAILCHIMP', 'OAUTH_CODE', false, 'interactive', 'oauth-application'],
    ['OAUTH2', 'AUTHORIZATION_CODE', true, 'interactive', 'setup'],
    ['HTTP', 'BEARER', false, 'none', undefined],
  ])('tells for %s %s whether it renews (%p) and who allows it (%s)', (appId, type, renews, who, client) => {
    const setup = describeConnector(findConnector(appId)!).setups.find((each) => each.type === type)
    expect(setup?.renews).toBe(renews)
    expect(setup?.authorization).toBe(who)
    expect(setup?.oauth_client).toBe(client)
  })

  it('names the scopes asked for where a setup has scopes', () => {
    expect(describeConnector(findConnector('SLACK')!).setups[1]?.default_scopes).toEqual(['chat:write'])
    expect(describeConnector(findConnector('PIPEDRIVE')!).setups[1]).not.toHaveProperty('default_scopes')
  })

  it('counts the services that have a name, and leaves the number out where none has', () => {
    expect(describeConnector(findConnector('OAUTH2')!).presets).toBeGreaterThanOrEqual(180)
    expect(describeConnector(findConnector('HTTP')!).presets).toBeGreaterThanOrEqual(130)
    expect(describeConnector(findConnector('SLACK')!)).not.toHaveProperty('presets')
  })

  it('tells a form what to draw: words for values, conditions, lines, and what it leaves out', () => {
    const fieldsOf = (appId: string, type: string) => {
      const setup = describeConnector(findConnector(appId)!).setups.find((each) => each.type === type)
      return new Map(setup?.fields.map((field) => [field.name, field]))
    }
    expect(fieldsOf('HTTP', 'API_KEY').get('in')).toMatchObject({
      options: [
        { value: 'HEADER', label: 'A header' },
        { value: 'QUERY', label: 'The query string' },
      ],
    })
    const hashes = { field: 'algorithm', values: ['HS256', 'HS384', 'HS512'] }
    expect(fieldsOf('JWT', 'JWT').get('secret')).toMatchObject({ shown_when: hashes, required_when: hashes })
    expect(fieldsOf('JWT', 'JWT').get('private_key')).toMatchObject({ multiline: true })
    expect(fieldsOf('SLACK', 'OAUTH_CODE').get('code')).toMatchObject({ headless: true })
    expect(fieldsOf('SALESFORCE', 'OAUTH_CODE').get('environment')?.options?.[1]).toEqual({
      value: 'sandbox',
      label: 'Sandbox',
    })
  })

  it('names a file that fills several fields', () => {
    expect(describeConnector(findConnector('BIGQUERY')!).setups[0]?.fill_from).toMatchObject({
      format: 'json',
      members: { private_key: 'private_key', client_email: 'client_email', project_id: 'project_id' },
    })
  })

  it('says scopes in words, with those asked for anyway', () => {
    const { scopes } = describeConnector(findConnector('SLACK')!).setups[1]!
    expect(scopes).toContainEqual({ value: 'chat:write', label: 'Send messages', default: true })
    expect(scopes).toContainEqual({ value: 'users:read', label: 'See people', default: false })
  })

  it.each(CONNECTORS)('has conditions and files of $appId that name its own fields', (connector) => {
    for (const setup of describeConnector(connector).setups) {
      const names = new Map(setup.fields.map((field) => [field.name, field]))
      for (const { shown_when: shown, required_when: required } of setup.fields) {
        for (const condition of [shown, required].filter((each) => each !== undefined)) {
          const values = names.get(condition.field)?.enum
          expect(values).toEqual(expect.arrayContaining([...condition.values]))
        }
      }
      for (const field of Object.keys(setup.fill_from?.members ?? {})) expect(names.has(field)).toBe(true)
      const usual = setup.scopes?.filter((scope) => scope.default).map(({ value }) => value)
      expect(usual ?? []).toEqual(expect.arrayContaining([...(setup.default_scopes ?? [])]))
    }
  })

  it('blanks out the secret values of a CUSTOM example', () => {
    expect(describeConnector(findConnector('CUSTOM')!).setups[0]?.example['values']).toEqual([
      { name: 'API_KEY', value: '<value>', in: 'HEADER', as: 'X-Api-Key' },
      { name: 'BASE_URL', value: 'https://api.example.com/v1', secret: false, in: 'BASE_URL' },
      { name: 'DB_PASSWORD', value: '<value>' },
    ])
  })

  it.each(CONNECTORS)('shows nothing of a secret example of $appId', (connector) => {
    const described = JSON.stringify(describeConnector(connector))
    for (const setup of connector.setups) {
      const { values } = validateSetup(connector, setup.example)
      const secrets = setup.fields.filter((field) => field.secret).map((field) => values[field.name])
      for (const secret of secrets.filter((value) => typeof value === 'string')) {
        expect(described).not.toContain(JSON.stringify(secret).slice(1, -1))
      }
    }
    expect(JSON.parse(described)).toEqual(describeConnector(connector))
  })
})
