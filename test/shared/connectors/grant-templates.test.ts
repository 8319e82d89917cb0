import { findConnector } from '../../../shared/connectors/catalogue.ts'
import { missingGrantFields } from '../../../shared/connectors/missing-grant-fields.ts'
import { renderTemplate } from '../../../shared/connectors/template.ts'
import type { GrantProfile, Template } from '../../../shared/domain/grant-profile.ts'
import type { JsonObject } from '../../../shared/domain/json.ts'

describe('the endpoints of a grant profile', () => {
  it.each<[string, string, JsonObject, string]>([
    ['SALESFORCE', 'OAUTH_CODE', {}, 'https://login.salesforce.com/services/oauth2/token'],
    [
      'SALESFORCE',
      'OAUTH_CODE',
      { environment: 'production' },
      'https://login.salesforce.com/services/oauth2/token',
    ],
    [
      'SALESFORCE',
      'OAUTH_CODE',
      { environment: 'sandbox' },
      'https://test.salesforce.com/services/oauth2/token',
    ],
    [
      'SALESFORCE',
      'OAUTH_CODE',
      { environment: 'sandbox', domain: 'acme--dev.sandbox.my.salesforce.com' },
      'https://acme--dev.sandbox.my.salesforce.com/services/oauth2/token',
    ],
    [
      'SALESFORCE',
      'OAUTH_CODE',
      { login_url: 'https://acme.my.salesforce.com/' },
      'https://acme.my.salesforce.com/services/oauth2/token',
    ],
    ['DOCUSIGN', 'OAUTH_CODE', {}, 'https://account.docusign.com/oauth/token'],
    ['DOCUSIGN', 'OAUTH_CODE', { environment: 'sandbox' }, 'https://account-d.docusign.com/oauth/token'],
    ['AUTH0', 'OAUTH_APP', { domain: 'acme.eu.auth0.com' }, 'https://acme.eu.auth0.com/oauth/token'],
    ['OAUTH2', 'CLIENT_CREDENTIALS', { token_url: 'https://idp.example/t?x=1' }, 'https://idp.example/t?x=1'],
  ])('ask %s %s with %p at %s', (appId, type, values, url) => {
    expect(renderTemplate(profileOf(appId, type).tokenUrl, values)).toBe(url)
  })

  it('keep authorization, token and revocation on one Salesforce host', () => {
    const profile = profileOf('SALESFORCE', 'OAUTH_CODE')
    const values = { domain: 'acme.my.salesforce.com' }
    const urls = [profile.authorizationUrl, profile.tokenUrl, profile.revocation?.url] as Template[]
    expect(urls.map((url) => renderTemplate(url, values))).toEqual([
      'https://acme.my.salesforce.com/services/oauth2/authorize',
      'https://acme.my.salesforce.com/services/oauth2/token',
      'https://acme.my.salesforce.com/services/oauth2/revoke',
    ])
  })

  it('take Auth0’s Management API for the audience unless another is named', () => {
    const audience = profileOf('AUTH0', 'OAUTH_APP').tokenParameters?.['audience'] as Template
    const domain = 'acme.eu.auth0.com'
    expect(renderTemplate(audience, { domain })).toBe('https://acme.eu.auth0.com/api/v2/')
    expect(renderTemplate(audience, { domain, audience: 'https://api.acme' })).toBe('https://api.acme')
  })

  it('leave out an issuer and a revocation endpoint that the setup does not name', () => {
    const profile = profileOf('OAUTH2', 'AUTHORIZATION_CODE')
    expect(renderTemplate(profile.issuer!, {})).toBeUndefined()
    expect(renderTemplate(profile.revocation!.url, {})).toBeUndefined()
    expect(renderTemplate(profile.issuer!, { issuer: 'https://idp.example' })).toBe('https://idp.example')
  })
})

describe('missingGrantFields', () => {
  const bigquery = findConnector('BIGQUERY')!.setups[0]!

  it('names what a BigQuery setup lacks for a grant', () => {
    expect(missingGrantFields(bigquery, { project_id: 'p' })).toEqual(['private_key', 'client_email'])
    expect(missingGrantFields(bigquery, { client_email: 'a@b' })).toEqual(['private_key'])
    expect(missingGrantFields(bigquery, bigquery.example)).toEqual([])
  })

  it('is empty for setups without a grant', () => {
    expect(missingGrantFields(findConnector('TELEGRAM')!.setups[0]!, {})).toEqual([])
  })
})

function profileOf(appId: string, type: string): GrantProfile {
  return findConnector(appId)!.setups.find((setup) => setup.type === type)!.grant!
}
