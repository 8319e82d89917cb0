import type { JsonObject } from '../../../../shared/domain/json.ts'
import { connectionsPartition } from '../../../../shared/domain/keys.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import { StoreUnavailableError } from '../../../../shared/ports/item-store.ts'
import { createConnection } from '../../../../shared/use-cases/connections/create-connection.ts'
import { deleteConnection } from '../../../../shared/use-cases/connections/delete-connection.ts'
import type { GrantInput } from '../../../../shared/use-cases/connections/import-grant.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const SETUP = {
  type: 'AUTHORIZATION_CODE',
  client_id: 'own-client-000',
  client_secret: 'own-secret-000',
  authorization_url: 'https://idp.example.com/authorize',
  token_url: 'https://idp.example.com/token',
  scope: 'read write',
}
const HOUR_MS = 3_600_000

describe('a grant that is brought along', () => {
  let world: GrantsUnderTest
  beforeEach(async () => {
    world = await startGrantsUnderTest()
    world.provider.answerWith(() => ({
      body: { access_token: 'renewed', refresh_token: 'next', token_type: 'Bearer', expires_in: 3600 },
    }))
  })
  afterEach(() => world.close())

  const inMs = (ms: number) => world.clock.nowMs() + ms
  const tokens = (members: { access?: string; refresh?: string } & Omit<GrantInput, 'accessToken'> = {}) => {
    const { access, refresh = 'brought-refresh', ...rest } = members
    return {
      ...rest,
      ...(access === undefined ? {} : { accessToken: new SecretText(access) }),
      ...(refresh === '' ? {} : { refreshToken: new SecretText(refresh) }),
    }
  }
  async function bring(
    grant: GrantInput,
    options: { appId?: string; setup?: JsonObject; key?: string } = {},
  ) {
    const { row } = await createConnection(world.ports, {
      tenant: world.tenant,
      clientId: 'test',
      name: 'Orders',
      appId: options.appId ?? 'OAUTH2',
      setup: options.setup ?? SETUP,
      grant,
      ...(options.key === undefined ? {} : { idempotencyKey: options.key }),
    })
    return row
  }
  const sent = () => world.provider.requests.map(({ parameters }) => parameters)

  it('is handed out as long as it lasts, asks nobody, and is renewed when it is due', async () => {
    const { id, status } = await bring(tokens({ access: 'brought', expiresAtMs: inMs(2 * HOUR_MS) }))
    expect(status).toBe('ready')
    expect((await world.fetch(id)).request.headers).toEqual({ Authorization: 'Bearer brought' })
    await world.sweep()
    expect(sent()).toEqual([])
    await world.clock.advance(2 * HOUR_MS - 60_000)
    await world.sweep()
    expect(sent()).toEqual([
      expect.objectContaining({ grant_type: 'refresh_token', refresh_token: 'brought-refresh' }),
    ])
    expect((await world.fetch(id)).request.headers).toEqual({ Authorization: 'Bearer renewed' })
  })

  it.each([
    ['no access token', {}],
    ['one that has ended', { access: 'old', expiresAtMs: 1_000 }],
    ['one of unknown age', { access: 'old' }],
  ])('is renewed at once where it has %s, and never hands that out', async (_what, members) => {
    const { id } = await bring(tokens(members))
    expect(sent()).toEqual([])
    await world.sweep()
    expect(sent()).toHaveLength(1)
    expect((await world.fetch(id)).request.headers).toEqual({ Authorization: 'Bearer renewed' })
  })

  it('without a refresh token is served until somebody says otherwise', async () => {
    const { id } = await bring(tokens({ access: 'for-good', refresh: '' }))
    await world.clock.advance(48 * HOUR_MS)
    await world.sweep()
    expect((await world.fetch(id)).request.headers).toEqual({ Authorization: 'Bearer for-good' })
    expect(await world.row(id)).toMatchObject({ grants: { main: { expiryBasis: 'unknown' } } })
  })

  it.each([
    ['sooner than its owner said', 30 * 60_000, 2 * HOUR_MS, 30 * 60_000],
    ['later than its owner said', 2 * HOUR_MS, 30 * 60_000, 30 * 60_000],
    ['where its owner said nothing', 30 * 60_000, undefined, 30 * 60_000],
    ['before it came', -HOUR_MS, 2 * HOUR_MS, -HOUR_MS],
  ])('that is a JWT ends with its exp: %s', async (_what, expMs, saidMs, endMs) => {
    const startMs = world.clock.nowMs()
    const { id } = await bring(
      tokens({
        access: jwt(Math.floor((startMs + expMs) / 1000)),
        refresh: jwt(Math.floor((startMs + 9 * HOUR_MS) / 1000)),
        ...(saidMs === undefined ? {} : { expiresAtMs: startMs + saidMs }),
      }),
    )
    const { main } = (await world.row(id)).grants!
    expect(main).toMatchObject({ expiryBasis: 'stated' })
    expect(Math.abs(main!.accessExpiresAtMs! - startMs - endMs)).toBeLessThan(1000)
    expect(Math.abs(main!.refreshExpiresAtMs! - startMs - 9 * HOUR_MS)).toBeLessThan(1000)
    await world.sweep()
    expect(sent()).toHaveLength(endMs > 0 ? 0 : 1)
  })

  describe('whose', () => {
    const SAYS_WHO = { ...SETUP, userinfo_url: 'https://idp.example.com/me' }
    const asked = () => world.provider.requests.map(({ path, authorization }) => ({ path, authorization }))

    it('is asked with its access token, and of no token endpoint', async () => {
      world.provider.answerWith(() => ({ body: { sub: 'u-1', email: 'ada@example.com' } }))
      const grant = tokens({ access: 'brought', expiresAtMs: inMs(HOUR_MS) })
      expect((await bring(grant, { setup: SAYS_WHO })).account).toEqual({
        id: 'u-1',
        email: 'ada@example.com',
      })
      expect(asked()).toEqual([{ path: '/me', authorization: 'Bearer brought' }])
    })

    it('stays open where the provider does not tell, and the grant is taken all the same', async () => {
      world.provider.answerWith(() => ({ status: 503 }))
      const grant = tokens({ access: 'brought', expiresAtMs: inMs(HOUR_MS) })
      const { status, account } = await bring(grant, { setup: SAYS_WHO })
      expect({ status, account }).toEqual({ status: 'ready', account: undefined })
    })

    it.each([
      ['that has ended', { access: 'old', expiresAtMs: 1_000 }],
      ['at all', {}],
    ])('is asked once with the first token that the grant brings, without one %s', async (_what, members) => {
      const { id } = await bring(tokens(members), { setup: SAYS_WHO })
      expect(asked()).toEqual([])
      expect((await world.row(id)).grants?.['main']?.notes).toEqual(['account_not_asked'])
      world.provider.answerWith(({ path }) => ({
        body: path === '/me' ? { sub: 'u-1' } : { access_token: 'renewed', expires_in: 3600 },
      }))
      await world.sweep()
      expect(asked().slice(1)).toEqual([{ path: '/me', authorization: 'Bearer renewed' }])
      const row = await world.row(id)
      expect(row).toMatchObject({ account: { id: 'u-1' }, status: 'ready' })
      expect(row.grants?.['main']).not.toHaveProperty('notes')
      await world.clock.advance(HOUR_MS)
      await world.sweep()
      expect(asked().map(({ path }) => path)).toEqual(['/token', '/me', '/token'])
    })

    it('is not asked for where nothing says how', async () => {
      const { id } = await bring(tokens())
      expect((await world.row(id)).grants?.['main']).not.toHaveProperty('notes')
    })
  })

  it.each([
    ['asks for the rest of what flows need', 200, undefined, 'https://us6.api.mailchimp.com', 1],
    ['is degraded where that is not told', 503, undefined, undefined, 2],
    ['asks for nothing that was brought', 503, { dc: 'us9' }, 'https://us9.api.mailchimp.com', 0],
  ])('%s', async (_what, status, extra, baseUrl, calls) => {
    await world.addApplication('MAILCHIMP')
    world.provider.answerWith(() => ({ status, body: { dc: 'us6' } }))
    const brought = tokens({ access: 'for-good', refresh: '', ...(extra === undefined ? {} : { extra }) })
    const { id } = await bring(brought, { appId: 'MAILCHIMP', setup: { type: 'OAUTH_CODE' } })
    expect(world.provider.requests.filter(({ path }) => path === '/oauth2/metadata')).toHaveLength(calls)
    expect((await world.fetch(id)).request.base_url).toBe(baseUrl)
    expect((await world.row(id)).status).toBe(baseUrl === undefined ? 'degraded' : 'ready')
  })

  it('keeps what it was granted, and what came beside the token', async () => {
    const { id } = await bring(
      tokens({
        access: 'brought',
        expiresAtMs: inMs(HOUR_MS),
        scopes: ['read'],
        extra: { instance_url: 'https://eu1.example.com' },
      }),
      { setup: { ...SETUP, base_url: '{instance_url}/v2' } },
    )
    expect(await world.row(id)).toMatchObject({ status: 'degraded', requiredScopes: ['read', 'write'] })
    expect((await world.fetch(id)).request.base_url).toBe('https://eu1.example.com/v2')
  })

  it('is of one connection: a second import names the first, until that is gone', async () => {
    const { id } = await bring(tokens())
    const refused = {
      code: 'conflict',
      message: expect.stringContaining(id),
      detail: { errorCode: 'grant_imported', headers: { location: expect.stringContaining(id) } },
    }
    await expect(bring(tokens({ access: 'other' }))).rejects.toMatchObject(refused)
    await bring(tokens({ refresh: 'another' }))
    await deleteConnection(world.ports, { tenant: world.tenant, id, purge: false })
    await expect(bring(tokens())).rejects.toMatchObject(refused)
    await deleteConnection(world.ports, { tenant: world.tenant, id, purge: true })
    expect((await bring(tokens())).status).toBe('ready')
  })

  it('of two imports in the same moment makes one connection', async () => {
    const ends = await Promise.allSettled([bring(tokens()), bring(tokens())])
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const rejected = ends.find(({ status }) => status === 'rejected') as PromiseRejectedResult
    expect(rejected.reason).toMatchObject({ detail: { errorCode: 'grant_imported' } })
  })

  it('is answered alike by the same Idempotency-Key, and not by one of another grant', async () => {
    const { id } = await bring(tokens(), { key: 'line-1' })
    expect((await bring(tokens(), { key: 'line-1' })).id).toBe(id)
    await expect(bring(tokens({ refresh: 'other' }), { key: 'line-1' })).rejects.toMatchObject({
      code: 'idempotency-mismatch',
    })
  })

  it('leaves nothing where its commit fails, and is not revoked', async () => {
    const setup = { ...SETUP, revocation_url: 'https://idp.example.com/revoke' }
    const { items } = world.ports
    const transact = items.transact.bind(items)
    let sealed: string[] = []
    items.transact = async (writes) => {
      sealed = [...sealed, ...writes.map(({ key }) => key.partition).filter((name) => /^REFRESH/.test(name))]
      if (writes.some(({ key }) => key.partition.endsWith('#CONNECTIONS')))
        throw new StoreUnavailableError('away', 'not-applied')
      return transact(writes)
    }
    await expect(bring(tokens(), { setup })).rejects.toMatchObject({ code: 'store-unavailable' })
    items.transact = transact
    expect(new Set(sealed).size).toBe(1)
    for (const partition of sealed) expect((await items.query({ partition, limit: 10 })).items).toEqual([])
    expect(sent()).toEqual([])
    expect((await bring(tokens(), { setup })).status).toBe('ready')
  })

  it('of an app with an application of the operator’s is renewed with the one it names', async () => {
    await world.addApplication('HUBSPOT')
    const second = await world.addApplication('HUBSPOT', 'second-secret-000')
    const { id } = await bring(
      { ...tokens(), oauthAppId: second.id },
      { appId: 'HUBSPOT', setup: { type: 'OAUTH_CODE' } },
    )
    await world.sweep()
    expect(sent().at(-1)).toMatchObject({ client_secret: 'second-secret-000' })
    expect((await world.row(id)).oauthAppId).toBe(second.id)
  })

  it.each([
    ['a setup that mints by itself', { setup: { ...SETUP, type: 'CLIENT_CREDENTIALS' } }, 'grant'],
    ['a static setup', { appId: 'AIRTABLE', setup: { type: 'API_KEY', api_key: 'k-000' } }, 'grant'],
    ['a code besides', { setup: { ...SETUP, code: 'c0de' } }, 'setup.code'],
    [
      'members that nobody asked for',
      { grant: { extra: { realmId: '1', shop: 'a' } } },
      'grant.extra.realmId',
    ],
    [
      'an application of nobody',
      { appId: 'HUBSPOT', setup: { type: 'OAUTH_CODE' }, grant: { oauthAppId: 'oa_x' } },
      'grant.oauth_app_id',
    ],
    [
      'an access token that has ended, and no other',
      { grant: { ...onlyAccess('old'), expiresAtMs: 1_000 } },
      'grant.access_token',
    ],
    ['a refresh token that has ended', { grant: { refreshExpiresAtMs: 1_000 } }, 'grant.refresh_token'],
  ])(
    'is refused with %s',
    async (_what, {
      grant = {},
      ...options
    }: { grant?: object; appId?: string; setup?: JsonObject }, field) => {
      const setup =
        options.setup?.['type'] === 'CLIENT_CREDENTIALS' ? withoutUrl(options.setup) : options.setup
      const wanted = { code: 'invalid-body', detail: { field } }
      await expect(
        bring({ ...tokens(), ...grant }, { ...options, ...(setup === undefined ? {} : { setup }) }),
      ).rejects.toMatchObject(wanted)
      expect(sent()).toEqual([])
    },
  )

  it.each([
    ['access_token', false],
    ['refresh_token', true],
  ])(
    'is refused where its %s says itself that it has ended, and nothing of it stays',
    async (name, hasBoth) => {
      const ended = jwt(Math.floor(inMs(-HOUR_MS) / 1000))
      const grant = tokens({ access: ended, refresh: hasBoth ? ended : '' })
      await expect(bring(grant)).rejects.toMatchObject({
        code: 'invalid-body',
        detail: { field: `grant.${name}` },
      })
      const { items } = await world.ports.items.query({
        partition: connectionsPartition(world.tenant),
        limit: 1,
      })
      expect(items).toEqual([])
    },
  )
})

function onlyAccess(text: string) {
  return { accessToken: new SecretText(text), refreshToken: undefined }
}

function jwt(exp: number): string {
  const [header, claims] = [{ alg: 'RS256' }, { exp }].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  )
  return `${header}.${claims}.signature`
}

function withoutUrl({ authorization_url: _url, ...setup }: JsonObject): JsonObject {
  return setup
}
