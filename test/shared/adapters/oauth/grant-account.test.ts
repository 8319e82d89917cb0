import type { GrantProfile } from '../../../../shared/domain/grant-profile.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import { REFRESH_GRANT, replyJson, TOKEN, TokenEndpoint } from '../../../support/token-endpoint.ts'

const CODE = { kind: 'authorization-code', code: new SecretText('code-1'), scopes: [] } as const

function idToken(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'RS256' })}.${part(claims)}.c2ln`
}

describe('the account of a grant', () => {
  let endpoint: TokenEndpoint
  beforeAll(async () => {
    endpoint = await TokenEndpoint.start()
  })
  beforeEach(() => endpoint.seen.splice(0))
  afterAll(() => endpoint.close())

  const accountOf = async (body: object, profile: Partial<GrantProfile> = {}) => {
    endpoint.reply = (response, call) => {
      const answer =
        call.path === '/me' ? { sub: 'me-1', email: 'me@example.com', shop: { name: 'Acme' } } : body
      replyJson(200, answer)(response, call)
    }
    const outcome = await endpoint.ask({ grant: CODE, profile: { kind: 'authorization-code', ...profile } })
    return outcome.kind === 'granted' ? outcome.account : outcome
  }

  it.each([
    [
      { id_token: idToken({ sub: 's1', email: 'a@example.com', hd: 'example.com' }) },
      { id: 's1', email: 'a@example.com', team: 'example.com' },
    ],
    [
      { id_token: idToken({ sub: 's1', upn: 'a@corp.example', tid: 't1' }) },
      { id: 's1', email: 'a@corp.example', team: 't1' },
    ],
    [
      { id_token: idToken({ sub: 's1' }), user_id: 'u1', team: { name: 'Acme' } },
      { id: 's1', team: 'Acme' },
    ],
    [
      { authed_user: { id: 'U1' }, team: { id: 'T1', name: 'Acme' } },
      { id: 'U1', team: 'Acme' },
    ],
    [
      { workspace_name: 'Acme', owner: { user: { id: 'n1', person: { email: 'n@example.com' } } } },
      { id: 'n1', email: 'n@example.com', team: 'Acme' },
    ],
    [{ stripe_user_id: 'acct_1' }, { id: 'acct_1' }],
    [{ userid: 1234 }, { id: '1234' }],
    [
      { id_token: idToken({ sub: 's1' }).replace(/\.[^.]+\./, `.${btoa('{"sub":10203040506070809}')}.`) },
      { id: '10203040506070809' },
    ],
    [{ email: ` a\u202e@example.com\n` }, { email: 'a @example.com' }],
    [{ id_token: 'not.a.jwt' }, undefined],
    [{}, undefined],
  ])('is what the answer tells: %j', async (told, account) => {
    expect(await accountOf({ ...TOKEN, ...told })).toEqual(account)
  })

  it('is asked for where the profile has a call, and the answer goes first', async () => {
    const identity = { url: `${endpoint.url}/me` }
    expect(await accountOf(TOKEN, { identity })).toEqual({ id: 'me-1', email: 'me@example.com' })
    expect(endpoint.seen[1]?.headers.authorization).toBe('Bearer access-1')
    expect(await accountOf({ ...TOKEN, user_id: 'u1' }, { identity })).toMatchObject({
      id: 'u1',
      email: 'me@example.com',
    })
    const named = { ...identity, member: 'shop.name', method: 'POST', body: '{}', scheme: 'Token' } as const
    expect(await accountOf({ ...TOKEN, user_id: 'u1' }, { identity: named })).toMatchObject({ id: 'u1' })
    expect(endpoint.seen.at(-1)).toMatchObject({
      method: 'POST',
      body: '{}',
      headers: { authorization: 'Token access-1' },
    })
  })

  it.each([
    [{ data: { id: 7, username: 'ada' } }, undefined, { id: '7', email: 'ada' }],
    [
      { data: { viewer: { id: 'v', email: 'a@example.com' } } },
      undefined,
      { id: 'v', email: 'a@example.com' },
    ],
    [[{ id: 1, email: 'a@example.com' }], undefined, { id: '1', email: 'a@example.com' }],
    [{ id: 1, emails: ['a@example.com', 'b@example.com'] }, 'emails[0]', { id: '1', email: 'a@example.com' }],
    [
      { user_id: 'p', emails: [{ value: 'a@example.com' }] },
      'emails[0].value',
      { id: 'p', email: 'a@example.com' },
    ],
    [[{ id: 'x', tenantName: 'Acme' }], '[0].tenantName', { id: 'x', email: 'Acme' }],
    [{ emails: [] }, 'emails[0].value', undefined],
    [null, undefined, undefined],
    ['text', undefined, undefined],
  ])('is what the call tells, wherever it does: %j, %s', async (body, member, account) => {
    endpoint.reply = (response, call) =>
      replyJson(200, call.path === '/me' ? JSON.stringify(body) : TOKEN)(response, call)
    const identity = { url: `${endpoint.url}/me`, ...(member === undefined ? {} : { member }) }
    const outcome = await endpoint.ask({ grant: CODE, profile: { kind: 'authorization-code', identity } })
    expect('account' in outcome ? outcome.account : undefined).toEqual(account)
  })

  it('is only a name: when the call fails, the grant is there without it', async () => {
    endpoint.reply = (response, call) => replyJson(call.path === '/me' ? 500 : 200, TOKEN)(response, call)
    const identity = { url: `${endpoint.url}/me` }
    const outcome = await endpoint.ask({ grant: CODE, profile: { kind: 'authorization-code', identity } })
    expect(outcome.kind).toBe('granted')
    expect(outcome).not.toHaveProperty('account')
    expect(endpoint.seen).toHaveLength(2)
  })

  it('is not read again at a renewal', async () => {
    endpoint.reply = replyJson(200, { ...TOKEN, user_id: 'u2' })
    const profile = { kind: 'authorization-code', identity: { url: `${endpoint.url}/me` } } as const
    expect(await endpoint.ask({ grant: REFRESH_GRANT, profile })).not.toHaveProperty('account')
    expect(endpoint.seen).toHaveLength(1)
  })
})
