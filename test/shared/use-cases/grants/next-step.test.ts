import { defined } from '../../../../shared/domain/defined.ts'
import { type Asked, nextStepAfter, withAuthorizing } from '../../../../shared/use-cases/grants/next-step.ts'

const BY_CODE: Asked = {
  way: 'authorization-code',
  kind: 'authorization-code',
  client: 'oauth-application',
}
const BY_REFRESH: Asked = { ...BY_CODE, way: 'refresh-token' }
const BY_CLIENT: Asked = { way: 'client-credentials', kind: 'client-credentials', client: 'setup' }
const BY_KEY: Asked = { way: 'jwt-bearer', kind: 'jwt-bearer', client: 'setup' }

/** What was asked, and the status that came where that counts. */
type Met = Asked & { readonly httpStatus?: number }

describe('nextStepAfter', () => {
  it.each([
    [
      'app-broken',
      'invalid_client',
      BY_CLIENT,
      'Correct the client id and secret in the setup. It is tried again by itself.',
    ],
    [
      'app-broken',
      'invalid_client',
      BY_CODE,
      'Correct the client id and secret of the OAuth application, then authorize the connection again.',
    ],
    [
      'app-broken',
      'invalid_client',
      BY_REFRESH,
      'Correct the client id and secret of the OAuth application. It is tried again by itself.',
    ],
    [
      'app-broken',
      'unauthorized_client',
      BY_CLIENT,
      'Allow the client this grant type at the provider. It is tried again by itself.',
    ],
    ['grant-dead', 'invalid_grant', BY_REFRESH, 'Authorize the connection again.'],
    // A provider's own code, which is also the name of something that every object has.
    ['refused', 'constructor', BY_REFRESH, 'Check the setup. It is tried again by itself.'],
    ['grant-dead', 'unauthorized_client', BY_REFRESH, 'Authorize the connection again.'],
    ['grant-dead', 'invalid_grant', BY_CODE, 'Authorize the connection again.'],
    [
      'grant-dead',
      'invalid_grant',
      BY_KEY,
      'Correct the credentials in the setup. It is tried again by itself.',
    ],
    ['app-broken', 'invalid_key', BY_KEY, 'Enter the key again, whole, as the provider’s key file has it.'],
    [
      'refused',
      'invalid_scope',
      BY_CLIENT,
      'Ask for scopes that the provider knows and the client may have.',
    ],
    [
      'refused',
      'invalid_scope',
      BY_CODE,
      'Ask for scopes that the provider knows and the client may have, then authorize the connection again.',
    ],
    [
      'refused',
      'redirect',
      { ...BY_CODE, once: true },
      'Check the token endpoint, if the setup names it, then authorize the connection again.',
    ],
    ['refused', 'invalid_answer', BY_CLIENT, 'Check the token endpoint, if the setup names it.'],
    // A private name is answered like one that nobody knows, and would be each time.
    [
      'not-sent',
      'dns_failed',
      { ...BY_CODE, once: true },
      'Check the host name, if the setup names it: private ones are called where the operator has allowed them (FLOW_VAULT_ALLOW_HOSTS), then authorize the connection again.',
    ],
    // The code is gone, and the page of another address would be met each time.
    [
      'unknown',
      'invalid_answer',
      { ...BY_CODE, once: true },
      'Authorize the connection again. If that ends here too: check the token endpoint, if the setup names it.',
    ],
    [
      'unknown',
      'unsupported_token_type',
      BY_CODE,
      'Authorize the connection again. If that ends here too: have the provider issue bearer tokens to the client.',
    ],
    ['refused', 'http_error', BY_CLIENT, 'Check the setup. It is tried again by itself.'],
    // A setup that has brought tokens is not what a page that says nothing means.
    [
      'refused',
      'http_error',
      BY_REFRESH,
      'It is tried again by itself. If that ends here too: authorize the connection again.',
    ],
    [
      'refused',
      'redirect',
      { ...BY_REFRESH, httpStatus: 302 },
      'It is tried again by itself. If that ends here too: check the token endpoint, if the setup names it.',
    ],
    [
      'refused',
      'http_error',
      { ...BY_REFRESH, httpStatus: 403 },
      'It is tried again by itself. If that ends here too: check the token endpoint, if the setup names it.',
    ],
    [
      'refused',
      'http_error',
      { ...BY_CODE, once: true },
      'Authorize the connection again. If that ends here too: check the token endpoint, if the setup names it.',
    ],
    // It only grows: a person who is in many groups, say.
    [
      'unknown',
      'answer_too_large',
      BY_CODE,
      'Authorize the connection again. If that ends here too: have the provider answer with less, such as fewer groups or claims in its tokens.',
    ],
    [
      'unknown',
      'answer_too_large',
      BY_REFRESH,
      'It is tried again by itself. If that ends here too: have the provider answer with less, such as fewer groups or claims in its tokens.',
    ],
    // Nothing is wrong with an endpoint whose answer only got lost, and what was sent may be used up.
    ['unknown', 'invalid_answer', BY_REFRESH, 'It is tried again by itself.'],
    ['unknown', 'timeout', BY_CODE, 'Authorize the connection again.'],
    ['passing', 'too_many_requests', BY_CODE, 'It is tried again by itself.'],
    ['not-sent', 'connect_failed', BY_REFRESH, 'It is tried again by itself.'],
    [
      'not-sent',
      'dns_failed',
      BY_CLIENT,
      'Check the host name, if the setup names it: private ones are called where the operator has allowed them (FLOW_VAULT_ALLOW_HOSTS). It is tried again by itself.',
    ],
    // A browser waits for this one answer, and nothing repeats it.
    ['passing', 'too_many_requests', { ...BY_CODE, once: true }, 'Authorize the connection again later.'],
    ['not-sent', 'connect_failed', { ...BY_CODE, once: true }, 'Authorize the connection again.'],
  ] as const)('after %s %s', (kind, code, { httpStatus, ...asked }: Met, step) => {
    const failure = { kind, code, message: 'host: it failed.', ...defined({ httpStatus }) }
    expect(nextStepAfter(failure, asked)).toBe(step)
  })

  it.each([
    ['Check the setup. It is tried again by itself.', 'Authorize the connection again.'],
    [
      'It is tried again by itself. If that ends here too: authorize the connection again.',
      'Authorize the connection again.',
    ],
    [
      'It is tried again by itself. If that ends here too: check the token endpoint, if the setup names it.',
      'Check the token endpoint, if the setup names it, then authorize the connection again.',
    ],
    [
      'Allow the client this access at the provider.',
      'Allow the client this access at the provider, then authorize the connection again.',
    ],
  ])('asks for authorization once trying is over: %s', (before, after) => {
    expect(withAuthorizing(`host: it failed. ${before}`)).toBe(`host: it failed. ${after}`)
  })

  it('says which addresses are called, and who may allow others', () => {
    const step = nextStepAfter({ kind: 'not-sent', code: 'forbidden_address', message: '' }, BY_CLIENT)
    expect(step).toMatch(/public hosts by https on port 443.*FLOW_VAULT_ALLOW_HOSTS/)
  })
})
