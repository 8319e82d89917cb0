import { findConnector, findSetup } from '../../../shared/connectors/catalogue.ts'
import { calledHost, catalogueHost } from '../../../shared/connectors/catalogue-host.ts'
import type { JsonObject } from '../../../shared/domain/json.ts'

function hostOf(appId: string, setup: JsonObject): string | undefined {
  const connector = findConnector(appId)!
  return catalogueHost(findSetup(connector, String(setup['type']))!.grant!.tokenUrl, setup)
}

describe('catalogueHost', () => {
  it.each<[string, JsonObject, string | undefined]>([
    ['HUBSPOT', { type: 'OAUTH_CODE' }, 'api.hubapi.com'],
    ['SLACK', { type: 'OAUTH_CODE' }, 'slack.com'],
    ['SALESFORCE', { type: 'OAUTH_CODE' }, 'login.salesforce.com'],
    ['SALESFORCE', { type: 'OAUTH_CODE', environment: 'sandbox' }, 'test.salesforce.com'],
    ['SALESFORCE', { type: 'OAUTH_CODE', domain: 'acme.my.salesforce.com' }, undefined],
    ['OAUTH2', { type: 'CLIENT_CREDENTIALS', token_url: 'https://api.hubapi.com/oauth/v1/token' }, undefined],
    ['OAUTH2', { type: 'CLIENT_CREDENTIALS' }, undefined],
  ])('of %s with %p is %s', (appId, setup, host) => {
    expect(hostOf(appId, setup)).toBe(host)
  })

  it('is not fooled by a host that begins like one of the catalogue', () => {
    const templates = ['https://{domain}/token', 'https://api.example.com/token']
    expect(catalogueHost(templates, { domain: 'api.example.com.evil.test' })).toBeUndefined()
    expect(catalogueHost(templates, {})).toBe('api.example.com')
  })
})

describe('calledHost', () => {
  it('tells the setup’s own host from one of the catalogue, and none for what is no address', () => {
    const own = (tokenUrl: string) => calledHost('{token_url}', { token_url: tokenUrl })
    expect(own('https://login.example.com:8443/token')).toEqual({
      name: 'login.example.com:8443',
      isOfCatalogue: false,
    })
    expect(own('not an address')).toBeUndefined()
    expect(calledHost('https://slack.com/api/oauth', {})).toEqual({ name: 'slack.com', isOfCatalogue: true })
  })
})
