import { CONNECTORS, findConnector, findSetup } from '../../../shared/connectors/catalogue.ts'
import type { Setup } from '../../../shared/connectors/connector.ts'
import { boundFields, grantBinding, withoutCode } from '../../../shared/connectors/grant-binding.ts'

const MINTED: readonly [string, Setup][] = CONNECTORS.flatMap(({ appId, setups }) =>
  setups
    .filter((setup) => setup.grant !== undefined)
    .map((setup): [string, Setup] => [`${appId} ${setup.type}`, setup]),
)

describe('boundFields', () => {
  it('names for each app what its grants are bound to', () => {
    const bound = Object.fromEntries(MINTED.map(([name, setup]) => [name, boundFields(setup)]))
    expect(bound).toEqual({
      'AUTH0 OAUTH_APP': ['client_id', 'domain', 'audience'],
      'BIGQUERY OAUTH_JWT': ['client_email'],
      'DOCUSIGN OAUTH_CODE': ['environment'],
      'GOOGLE_SHEETS OAUTH_CODE': [],
      'HTTP OAUTH_CLIENT_CREDENTIALS': ['client_id', 'token_endpoint', 'audience', 'resource'],
      'HUBSPOT OAUTH_CODE': [],
      'MAILCHIMP OAUTH_CODE': [],
      'OAUTH2 AUTHORIZATION_CODE': ['client_id', 'authorization_url', 'token_url', 'audience', 'resource'],
      'OAUTH2 CLIENT_CREDENTIALS': [
        ...['client_id', 'token_url', 'audience', 'resource', 'grant_type', 'token_parameters'],
      ],
      'PIPEDRIVE OAUTH_CODE': [],
      'SALESFORCE OAUTH_CODE': ['environment', 'domain', 'login_url'],
      'SLACK OAUTH_CODE': [],
      'STRIPE OAUTH_CODE': [],
    })
  })

  it.each(MINTED)('leaves out secrets, scopes and codes of %s', (_, setup) => {
    const bound = boundFields(setup)
    const secret = setup.fields.filter((field) => field.secret).map(({ name }) => name)
    const never = ['scope', 'optional_scope', 'user_scope', 'code', 'code_verifier', 'redirect_uri']
    expect(bound.filter((name) => never.includes(name))).toEqual([])
    // Parameters of any kind are entered as one secret field, and say for whom a token is.
    expect(bound.filter((name) => secret.includes(name) && name !== 'token_parameters')).toEqual([])
  })

  it('is empty for what a person enters', () => {
    expect(boundFields(setupOf('SENDGRID', 'API_KEY'))).toEqual([])
    expect(grantBinding('SENDGRID', setupOf('SENDGRID', 'API_KEY'), { api_key: 'SG.x' })).toBeUndefined()
  })
})

describe('grantBinding', () => {
  it.each(MINTED)('changes with each bound field of %s and with no other', (name, setup) => {
    const [appId = ''] = name.split(' ')
    const of = (change: object) => grantBinding(appId, setup, { ...setup.example, ...change })
    const changed = setup.fields.filter(({ name: field }) => of({ [field]: 'another' }) !== of({}))
    expect(changed.map(({ name: field }) => field)).toEqual(boundFields(setup))
  })
})

describe('withoutCode', () => {
  it('takes a code out of what a person authorizes, and a field of that name of nothing else', () => {
    const values = { type: 'OAUTH_CODE', code: 'c', code_verifier: 'v', redirect_uri: 'r', scope: 's' }
    expect(withoutCode(setupOf('SALESFORCE', 'OAUTH_CODE'), values)).toEqual({
      type: 'OAUTH_CODE',
      scope: 's',
    })
    expect(withoutCode(setupOf('SENDGRID', 'API_KEY'), values)).toBe(values)
  })
})

function setupOf(appId: string, type: string): Setup {
  return findSetup(findConnector(appId)!, type)!
}
