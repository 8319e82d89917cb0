import { createUrlCheck } from '../../../../shared/adapters/oauth/outgoing-target.ts'
import { findConnector, findSetup } from '../../../../shared/connectors/catalogue.ts'
import type { Setup } from '../../../../shared/connectors/connector.ts'
import { forbiddenField } from '../../../../shared/use-cases/grants/forbidden-target.ts'

const setupOf = (appId: string, type: string): Setup => findSetup(findConnector(appId)!, type)!
const machine = setupOf('OAUTH2', 'CLIENT_CREDENTIALS')
const auth0 = setupOf('AUTH0', 'OAUTH_APP')

describe('forbiddenField', () => {
  const check = createUrlCheck([])

  it.each([
    [
      machine,
      { token_url: 'https://idp.example.com:8443/t' },
      'token_url',
      'Only port 443 is called, not 8443',
    ],
    [auth0, { domain: '10.0.0.1' }, 'domain', 'The address is not on the public internet'],
  ])('names the field and the reason', (setup, values, field, reason) => {
    expect(forbiddenField(check, setup, values)).toMatchObject({
      class: 'refused',
      next: 'stop',
      message: expect.stringContaining('FLOW_VAULT_ALLOW_HOSTS'),
      target: { field, reason },
    })
  })

  it('looks at nothing that only flows or browsers call', () => {
    const base = { token_url: 'https://idp.example.com/t', base_url: 'https://10.0.0.1' }
    expect(forbiddenField(check, machine, base)).toBeUndefined()
    const webhook = setupOf('ZAPIER', 'WEBHOOK')
    expect(forbiddenField(check, webhook, { url: 'https://10.0.0.1/hook' })).toBeUndefined()
  })
})
