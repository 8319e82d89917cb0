import { fullConnectionView } from '../../../../functions/api/connection-view.ts'
import type { JsonObject } from '../../../../shared/domain/json.ts'
import { rejectCredential } from '../../../../shared/use-cases/fetch/reject-credential.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'
import type { ScriptedAnswer } from '../../../support/scripted-provider.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const SETUP = {
  type: 'AUTHORIZATION_CODE',
  client_id: 'client-000',
  client_secret: 'secret-000',
  authorization_url: 'https://idp.example.com/authorize',
  token_url: 'https://idp.example.com/token',
}
const MACHINE = { ...SETUP, type: 'CLIENT_CREDENTIALS', authorization_url: undefined }
const GOOD = { access_token: 'A1', token_type: 'Bearer', expires_in: 3600, refresh_token: 'R1' }

describe('any provider', () => {
  let world: GrantsUnderTest
  beforeEach(async () => {
    world = await startGrantsUnderTest()
  })
  afterEach(() => world.close())

  /** The token endpoint gives these in turn, the last one for ever. */
  function answer(...answers: readonly ScriptedAnswer[]): void {
    let n = 0
    world.provider.answerWith(() => answers[Math.min(n++, answers.length - 1)]!)
  }
  async function connect(
    setup: JsonObject = {},
    callback?: Readonly<Record<string, string>>,
  ): Promise<{ id: string; url: URL; view: ReturnType<typeof fullConnectionView> }> {
    const { id } = await world.create('OAUTH2', { ...SETUP, ...setup })
    const url = await world.authorize(id)
    await world.finish(url.searchParams.get('state'), {
      code: 'x',
      ...(callback === undefined ? {} : { callback }),
    })
    return { id, url, view: await viewOf(id) }
  }
  const viewOf = async (id: string) =>
    fullConnectionView(await world.row(id), { answerTo: 'read', nowMs: world.clock.nowMs() })
  const codesOf = ({ notes }: { notes: readonly { code: string }[] }) => notes.map(({ code }) => code)
  const lastAsked = () => world.provider.requests.at(-1)!.parameters

  describe('that states no life and gives no refresh token', () => {
    it.each([
      ['nothing', {}],
      ['null', { expires_in: null }],
      ['zero', { expires_in: 0 }],
      ['a negative', { expires_in: -1 }],
    ])('is believed until a flow says otherwise: %s', async (_what, told) => {
      answer({ body: { access_token: 'A1', token_type: 'bearer', ...told } })
      const { id, view } = await connect()
      expect(view).toMatchObject({ status: 'ready', expiry_basis: 'unknown', expires_at: null })
      expect(codesOf(view)).toContain('no_refresh_token')
      await world.clock.advance(100 * DAY_MS)
      await world.sweep()
      expect(await world.fetch(id)).toMatchObject({
        fields: { access_token: 'A1' },
        usable_for_seconds: null,
      })
      expect(world.provider.requests).toHaveLength(1)
      const complaint = { tenant: world.tenant, id, credentialVersion: 1 }
      const version = (await world.row(id)).credentialVersion
      const rejected = await rejectCredential(world.ports, { ...complaint, credentialVersion: version })
      expect(rejected).toMatchObject({ renewed: false, row: { status: 'reauthorization_required' } })
      await expect(world.fetch(id)).rejects.toMatchObject({ code: 'reauthorization-required' })
      expect(await viewOf(id)).toMatchObject({ ready: false })
    })

    it('is believed for as long as it says, be it ten years', async () => {
      answer({ body: { access_token: 'A1', token_type: 'bearer', expires_in: 315_705_599 } })
      const { id, view } = await connect()
      expect(view).toMatchObject({ expiry_basis: 'stated', status: 'ready' })
      await world.clock.advance(3000 * DAY_MS)
      expect(await world.fetch(id)).toMatchObject({ fields: { access_token: 'A1' } })
    })
  })

  it('hands out nothing past an end that is stated as an instant', async () => {
    const endsAtMs = world.clock.nowMs() + 10 * MINUTE_MS
    answer({
      body: { access_token: 'A1', token_type: 'bearer', expires_at: new Date(endsAtMs).toISOString() },
    })
    const { id } = await world.create('OAUTH2', JSON.parse(JSON.stringify(MACHINE)) as JsonObject)
    expect((await world.fetch(id)).usable_for_seconds).toBe(600)
  })

  it('keeps a refresh token of a short session alive, with access tokens of a minute', async () => {
    let n = 0
    world.provider.answerWith(() => ({
      body: {
        ...GOOD,
        access_token: `A${++n}`,
        refresh_token: `R${n}`,
        expires_in: 60,
        refresh_expires_in: 1800,
      },
    }))
    const { view } = await connect()
    expect(view.refresh_expires_at).not.toBeNull()
    for (let minute = 0; minute < 120; minute += 1) {
      await world.clock.advance(MINUTE_MS)
      await world.sweep()
    }
    // Half-way to each end, and no more often.
    expect(n).toBeGreaterThanOrEqual(7)
    expect(n).toBeLessThanOrEqual(10)
  })

  it('keeps a session shorter than any sweep alive while flows fetch', async () => {
    let renewedAtMs = world.clock.nowMs()
    let n = 0
    world.provider.answerWith(() => {
      if (world.clock.nowMs() - renewedAtMs > 90_000) return { status: 400, body: { error: 'invalid_grant' } }
      renewedAtMs = world.clock.nowMs()
      return { body: { ...GOOD, refresh_token: `R${++n}`, expires_in: 600, refresh_expires_in: 90 } }
    })
    const { id } = await connect()
    for (let second = 0; second < 900; second += 10) {
      await world.clock.advance(10_000)
      expect((await world.fetch(id)).usable_for_seconds).toBeGreaterThan(500)
    }
    expect(n).toBeLessThanOrEqual(20)
  })

  it.each([
    [{ body: { error: 'bad_refresh_token' } }, 'bad_refresh_token'],
    [{ status: 400, body: { status: 'BAD_REFRESH_TOKEN' } }, 'BAD_REFRESH_TOKEN'],
    [{ status: 401, body: { error: 'invalid_token' } }, 'invalid_token'],
    [
      { status: 400, body: { error: 'invalid_request', error_description: 'Refresh token expired' } },
      'invalid_request',
    ],
  ])('ends a grant that is dead under another name: %j', async (refusal, code) => {
    answer({ body: GOOD }, refusal)
    const { id } = await connect()
    await world.clock.advance(9 * HOUR_MS)
    await expect(world.fetch(id)).rejects.toMatchObject({ code: 'reauthorization-required' })
    const view = await viewOf(id)
    expect(view).toMatchObject({ status: 'reauthorization_required', ready: false })
    expect(view.failure).toMatchObject({ class: 'grant-dead', code })
  })

  it.each([
    [{ status: 500, body: { error: 'invalid_grant' } }],
    [{ status: 429, body: { error: 'bad_refresh_token' } }],
    [{ status: 400, body: { error: 'temporarily_unavailable' } }],
    [{ status: 400, body: { error: 'server_error' } }],
    [{ status: 403, body: { message: 'API rate limit exceeded' } }],
  ])('ends no grant for what passes: %j', async (refusal) => {
    answer({ body: GOOD }, refusal)
    const { id } = await connect()
    await world.clock.advance(HOUR_MS + MINUTE_MS)
    await expect(world.fetch(id)).rejects.toMatchObject({ code: 'credential-unavailable' })
    expect(await viewOf(id)).toMatchObject({ status: 'degraded', ready: false })
  })

  it('says which scopes will be asked for before anybody has authorized', async () => {
    const { id } = await world.create('OAUTH2', { ...SETUP, scope: 'repo read:user' })
    expect((await viewOf(id)).scopes).toEqual({ required: ['repo', 'read:user'], granted: [], missing: [] })
  })

  it('says which ids and secrets came with blanks at their ends, and goes on without them', async () => {
    answer({ body: GOOD })
    const { view, url } = await connect({ client_id: 'client-000 ', client_secret: ' secret-000' })
    expect(url.searchParams.get('client_id')).toBe('client-000')
    const note = view.notes.find(({ code }) => code === 'blanks_trimmed')
    expect(note?.message).toBe(
      'Blanks at the ends of client_id, client_secret came with the setup and were left out.',
    )
    expect(codesOf((await connect()).view)).not.toContain('blanks_trimmed')
  })

  it('shows the provider’s reason to who may read the connection, free of secrets', async () => {
    const words = 'Missing required parameter: account_id; you sent secret-000'
    answer({ body: GOOD }, { status: 400, body: { error: 'invalid_request', error_description: words } })
    const { id } = await connect()
    await world.clock.advance(HOUR_MS + MINUTE_MS)
    await expect(world.fetch(id)).rejects.toBeDefined()
    expect((await viewOf(id)).failure).toMatchObject({
      code: 'invalid_request',
      description: 'Missing required parameter: account_id; you sent [redacted]',
    })
  })

  it.each([
    [['repo', 'gist'], 'gist,repo', 'ready'],
    [['https://graph.microsoft.com/.default'], 'User.Read Mail.Read', 'ready'],
    [['user.read'], 'User.Read', 'ready'],
    [['https://graph.microsoft.com/User.Read'], 'User.Read', 'ready'],
    [['repo', 'gist'], 'gist', 'degraded'],
  ])('compares %j with %j: %s', async (asked, granted, status) => {
    answer({ body: { ...GOOD, scope: granted } })
    const { view } = await connect({ scope: asked.join(' ') })
    expect(view.status).toBe(status)
  })

  it.each([
    [{ scope: 'activity:read_all,profile:read_all' }, 'scope=activity%3Aread_all%2Cprofile%3Aread_all'],
    [{ scope: 'a b', scope_separator: 'comma' }, 'scope=a%2Cb'],
    [{ scope: 'a b', scope_separator: 'plus' }, 'scope=a%2Bb'],
    [{ scope: 'a b' }, 'scope=a%20b'],
    [{ resource: 'https://mcp.example.com/x' }, 'resource=https%3A%2F%2Fmcp.example.com%2Fx'],
    [
      { authorization_parameters: { prompt: 'consent', access_type: 'offline' } },
      'prompt=consent&access_type=offline',
    ],
    [{ pkce: 'off' }, 'response_type=code'],
  ])('asks as the setup says: %j', async (setup, part) => {
    answer({ body: GOOD })
    const { url } = await connect(setup as JsonObject)
    expect(url.search).toContain(part)
    const isWithout = 'pkce' in setup
    expect(url.searchParams.has('code_challenge')).toBe(!isWithout)
    expect('code_verifier' in lastAsked()).toBe(!isWithout)
  })

  it('says scope and resource again at each renewal', async () => {
    answer({ body: GOOD })
    const { id } = await connect({
      scope: 'api://app/access offline_access',
      scope_at_refresh: true,
      resource: 'https://api.example.com',
    })
    await world.clock.advance(2 * HOUR_MS)
    await world.fetch(id)
    expect(lastAsked()).toMatchObject({
      grant_type: 'refresh_token',
      scope: 'api://app/access offline_access',
      resource: 'https://api.example.com',
    })
  })

  it('hands over what came beside the token, and builds the base URL of it', async () => {
    answer({ body: { ...GOOD, instance_url: 'https://eu1.example.com/' } })
    const realm = await connect(
      { base_url: 'https://quickbooks.example.com/v3/company/{realmId}', extra_fields: ['instance_url'] },
      { realmId: '9130', other: 'x' },
    )
    expect(await world.fetch(realm.id)).toMatchObject({
      request: { base_url: 'https://quickbooks.example.com/v3/company/9130' },
      fields: { access_token: 'A1', instance_url: 'https://eu1.example.com/', realmId: '9130' },
    })
    const instance = await connect({ base_url: '{instance_url}/services/data' })
    expect((await world.fetch(instance.id)).request.base_url).toBe('https://eu1.example.com/services/data')
    const hostile = await connect(
      { base_url: 'https://{realmId}.example.com' },
      { realmId: 'evil.example/@x' },
    )
    expect((await world.fetch(hostile.id)).request).not.toHaveProperty('base_url')
  })

  it.each([
    ['as a field', { extra_fields: ['instance_url', 'company'] }],
    ['in the base URL', { base_url: 'https://{company}.example.com' }],
  ])('says when a member that the setup names does not come, until it does: %s', async (_where, setup) => {
    answer(
      { body: { ...GOOD, instance_url: 'https://eu1.example.com' } },
      { body: { ...GOOD, company: 'c1' } },
    )
    const { id, view } = await connect(setup)
    expect(codesOf(view)).toEqual(['members_missing'])
    await world.clock.advance(HOUR_MS)
    await world.fetch(id)
    expect(codesOf(await viewOf(id))).toEqual([])
  })
})
