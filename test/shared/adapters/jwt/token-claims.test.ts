import { scopesOf, tenantOf } from '../../../../shared/adapters/jwt/token-claims.ts'

const READ = 'read:flows_vault_connections'
const FETCH = 'read:flows_vault_credentials'

describe('scopesOf', () => {
  it.each([
    ['a text in scope (RFC 9068)', { scope: `${READ} ${FETCH}` }],
    ['a list in scope', { scope: [READ, FETCH] }],
    ['a list in scp (Okta)', { scp: [READ, FETCH] }],
    ['a text in scp (Entra)', { scp: `${READ}  ${FETCH}` }],
    ['permissions (Auth0)', { scope: '', permissions: [READ, FETCH] }],
    ['roles (Entra, client credentials)', { roles: [READ, FETCH] }],
    ['several of them', { scope: READ, roles: [FETCH] }],
    ['a list of texts that hold several', { scp: [`${READ} ${FETCH}`] }],
    ['what is no text beside them', { scope: [READ, 7, null, FETCH], permissions: { a: 1 } }],
  ])('reads %s', (_shape, payload) => {
    expect([...scopesOf(payload, undefined)]).toEqual([READ, FETCH])
  })

  it('reads a claim that is named, and then no other', () => {
    const payload = { scope: READ, 'https://vault.example.com/may': [FETCH] }
    expect([...scopesOf(payload, 'https://vault.example.com/may')]).toEqual([FETCH])
  })
})

describe('tenantOf', () => {
  it.each([
    ['acme', 'acme', 'acme'],
    ['acme.example', undefined, 'acme_2Eexample'],
    ['auth0|org', undefined, 'auth0_7Corg'],
    ['a_b', 'a_b', 'a_5Fb'],
    ['a_5Fb', 'a_5Fb', 'a_5F5Fb'],
    ['é', undefined, '_C3_A9'],
    [42, undefined, '42'],
    [['acme'], undefined, 'acme'],
    [['acme', 'other'], undefined, undefined],
    [4.2, undefined, undefined],
    ['', undefined, undefined],
    ['a'.repeat(65), undefined, undefined],
    ['.'.repeat(22), undefined, undefined],
    [{ id: 'acme' }, undefined, undefined],
    [null, undefined, undefined],
  ])('makes of %j the tenant %s exactly, and %s escaped', (claim, exact, escaped) => {
    const made = (mapping: 'exact' | 'escape') => {
      const found = tenantOf({ org: claim } as never, 'org', mapping)
      return 'tenant' in found ? found.tenant : undefined
    }
    expect([made('exact'), made('escape')]).toEqual([exact, escaped])
  })

  it('says which check failed', () => {
    expect(tenantOf({}, 'org', 'exact')).toEqual({ problem: 'the tenant claim is missing' })
    expect(tenantOf({ org: 7 }, 'org', 'exact')).toEqual({ problem: 'the tenant claim is no text' })
    expect(tenantOf({ org: 'a.b' }, 'org', 'exact')).toEqual({
      problem: expect.stringContaining('has characters other than'),
    })
  })
})
