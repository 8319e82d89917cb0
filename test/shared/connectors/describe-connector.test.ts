import { CONNECTORS, findConnector } from '../../../shared/connectors/catalogue.ts'
import { describeConnector } from '../../../shared/connectors/describe-connector.ts'
import { validateSetup } from '../../../shared/connectors/setup-schema.ts'

describe('describeConnector', () => {
  it('describes an app with its setups and fields', () => {
    const described = describeConnector(findConnector('ACTIVECAMPAIGN')!)
    expect(described).toMatchObject({
      app_id: 'ACTIVECAMPAIGN',
      label: 'ActiveCampaign',
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
