import { findConnector } from '../../../shared/connectors/catalogue.ts'
import { chosenProfile, scopesOf } from '../../../shared/domain/chosen-profile.ts'

const general = findConnector('OAUTH2')!.setups[0]!.grant!

describe('chosenProfile', () => {
  it('is the profile itself where there is nothing to choose', () => {
    const google = findConnector('GOOGLE_SHEETS')!.setups[0]!.grant!
    expect(chosenProfile(google, { pkce: 'off', token_request_format: 'json' })).toBe(google)
  })

  it('changes nothing where nothing was chosen', () => {
    const { literals, ...same } = chosenProfile(general, {})
    expect(same).toEqual(general)
    expect(literals).toEqual({ authorization: {}, token: {} })
  })

  it.each([
    [{ pkce: 'off' }, { pkce: 'off' }],
    [{ token_request_format: 'json' }, { bodyFormat: 'json' }],
    [{ grant_type: 'account_credentials' }, { grantType: 'account_credentials' }],
    [{ scope_separator: 'comma' }, { scopes: { separator: ',' } }],
    [{ scope_separator: 'plus' }, { scopes: { separator: '+' } }],
    [{ scope: 'a,b' }, { scopes: { separator: ',' } }],
    [{ scope: 'a, b' }, { scopes: { separator: ',' } }],
    [{ scope: 'a b' }, { scopes: { separator: ' ' } }],
    [{ scope: 'a,b c' }, { scopes: { separator: ' ' } }],
    [{ scope: 'a,b', scope_separator: 'space' }, { scopes: { separator: ' ' } }],
    [{ scope_at_refresh: true }, { scopes: { atRefresh: true } }],
    [{ access_token_lifetime: 7200 }, { expiry: { whenAbsent: { assumedSeconds: 7200 } } }],
    [{ access_token_lifetime: 0 }, { expiry: { whenAbsent: 'never' } }],
    [{ extra_fields: ['realmId', 'team.id'] }, { answer: { extra: ['realmId', 'team.id'] } }],
    [
      { base_url: 'https://a.example/{realmId}', extra_fields: ['x'] },
      { answer: { extra: ['x', 'realmId'] } },
    ],
    [{ pkce: 'S256' }, { pkce: 'S256' }],
    [{ token_request_format: 'form' }, { bodyFormat: 'form' }],
    [{ scope: 'a,  b' }, { scopes: { separator: ',' } }],
    [{ scope: 'a  b,c' }, { scopes: { separator: ' ' } }],
    [{ token_parameters: { account_id: '1' } }, { literals: { token: { account_id: '1' } } }],
    [
      { authorization_parameters: { a: '{client_id}' } },
      { literals: { authorization: { a: '{client_id}' } } },
    ],
  ])('follows %j', (setup, expected) => {
    expect(chosenProfile(general, setup)).toMatchObject(expected)
  })
})

describe('what is no text', () => {
  it('is no parameter, and names no member', () => {
    const setup = { token_parameters: { a: 1, b: 'x', c: null }, extra_fields: ['x', 5, null] }
    const { literals, answer } = chosenProfile(general, setup)
    expect(literals?.token).toEqual({ b: 'x' })
    expect(answer?.extra?.filter((name) => !general.answer?.extra?.includes(name))).toEqual(['x'])
    expect(
      chosenProfile(general, { token_parameters: null, authorization_parameters: ['x'] }).literals,
    ).toEqual({
      authorization: {},
      token: {},
    })
  })
})

describe('scopesOf', () => {
  it.each([
    [' a  b\n', ' ', ['a', 'b']],
    [',a,,b , ', ',', ['a', 'b']],
    ['+a++b +', '+', ['a', 'b']],
    ['a+b', ' ', ['a+b']],
    ['a+b', ',', ['a+b']],
    ['', ' ', []],
    ['a b', ' ', ['a', 'b']],
    ['a,b c', ' ', ['a,b', 'c']],
    ['a,b, c', ',', ['a', 'b', 'c']],
    ['a+b', '+', ['a', 'b']],
  ] as const)('reads %j, separated by %j', (text, separator, scopes) => {
    expect(scopesOf(text, separator)).toEqual(scopes)
  })
})
