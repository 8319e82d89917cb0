import type { Random } from '../../../../shared/ports/random.ts'
import { deleteConnection } from '../../../../shared/use-cases/connections/delete-connection.ts'
import type { GrantPorts } from '../../../../shared/use-cases/grants/grant-ports.ts'
import { rotateConnection } from '../../../../shared/use-cases/rotation/rotate-connection.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'
import { CODE_SETUP, GRANT, MACHINE_SETUP } from '../../../support/oauth2-setups.ts'
import type { ProviderRequest } from '../../../support/scripted-provider.ts'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

let world: GrantsUnderTest
beforeEach(async () => {
  world = await startGrantsUnderTest()
  world.provider.answerWith(() => ({ body: GRANT }))
})
afterEach(() => world.close())

const sent = () => world.provider.requests.length

const rotate = (id: string, cause: 'due' | 'fetch' | 'manual' = 'manual', ports: GrantPorts = world.ports) =>
  rotateConnection(ports, { tenant: world.tenant, id, cause })

/** What there is of a failure, with how long the provider is left alone. */
async function failureOf(id: string) {
  const { failure, due_at: dueAtMs } = await world.row(id)
  const { count, refusals, refusedGrant } = failure!
  const pauseMs = dueAtMs === undefined ? undefined : dueAtMs - world.clock.nowMs()
  return { count, refusals, refusedGrant, pauseMs }
}

describe('the refusals of a bundle’s grants', () => {
  /** How long each grant lives, in seconds, and whether its refresh token is refused. */
  const bot = { lifeSeconds: 3600, isRefused: false }
  const user = { lifeSeconds: 3600, isRefused: false }

  function answer({ parameters: { refresh_token: refresh } }: ProviderRequest) {
    const grantOf = (name: 'bot' | 'user', { lifeSeconds }: typeof bot) => ({
      ...{ access_token: `${name}-access`, token_type: name, refresh_token: `${name}-refresh` },
      expires_in: lifeSeconds,
    })
    if (refresh === undefined)
      return {
        body: { ok: true, ...grantOf('bot', bot), authed_user: { id: 'U1', ...grantOf('user', user) } },
      }
    const [name, grant] = refresh === 'user-refresh' ? (['user', user] as const) : (['bot', bot] as const)
    return { body: grant.isRefused ? { ok: false, error: 'says_no' } : { ok: true, ...grantOf(name, grant) } }
  }

  async function bundle(): Promise<string> {
    world.provider.answerWith(answer)
    await world.addApplication('SLACK')
    return world.authorized('SLACK', { type: 'OAUTH_CODE' })
  }

  beforeEach(() => {
    Object.assign(bot, { lifeSeconds: 3600, isRefused: false })
    Object.assign(user, { lifeSeconds: 3600, isRefused: false })
  })

  it('are counted for each by itself', async () => {
    const id = await bundle()
    await world.clock.advance(2 * HOUR_MS)
    user.isRefused = true
    await rotate(id, 'fetch')
    expect(await failureOf(id)).toMatchObject({ refusals: 1, refusedGrant: 'user' })
    await world.clock.advance(10 * MINUTE_MS)
    await rotate(id, 'due')
    expect(await failureOf(id)).toMatchObject({ refusals: 2, refusedGrant: 'user' })
    // The other one has ended meanwhile, and is refused for the first time.
    bot.isRefused = true
    await world.clock.advance(HOUR_MS)
    await rotate(id)
    expect(await failureOf(id)).toMatchObject({ refusals: 1, refusedGrant: undefined })
    await rotate(id)
    expect(await world.row(id)).toMatchObject({ status: 'degraded', failure: { refusals: 2 } })
    await rotate(id)
    expect(await world.row(id)).toMatchObject({
      status: 'reauthorization_required',
      failure: { refusals: 3 },
    })
  })

  it('end a grant that is not the connection’s own, too', async () => {
    const id = await bundle()
    await world.clock.advance(2 * HOUR_MS)
    user.isRefused = true
    for (let time = 0; time < 3; time++) {
      await rotate(id, 'due')
      await world.clock.advance(10 * MINUTE_MS)
    }
    expect(await world.row(id)).toMatchObject({
      status: 'reauthorization_required',
      failure: { refusals: 3, refusedGrant: 'user' },
    })
  })

  it('are followed by a look when the first of the access tokens ends', async () => {
    bot.lifeSeconds = 420
    const id = await bundle()
    bot.isRefused = true
    await world.clock.advance(4 * MINUTE_MS)
    await rotate(id)
    expect(await failureOf(id)).toMatchObject({ count: 1, pauseMs: 3 * MINUTE_MS })
  })
})

describe('the pause after a failure', () => {
  /** A fraction of chance that is always the same. */
  function chance(fraction: number): GrantPorts {
    const random: Random = { bytes: (count) => world.ports.random.bytes(count), fraction: () => fraction }
    return { ...world.ports, random }
  }

  it('doubles with every failure in a row', async () => {
    const id = await world.authorized()
    world.provider.answerWith(() => ({ status: 503, headers: { 'retry-after': '1' }, body: {} }))
    const pauses = []
    for (let time = 0; time < 3; time++) {
      await rotate(id, 'manual', chance(0.5))
      pauses.push((await failureOf(id)).pauseMs)
    }
    expect(pauses).toEqual([5_000, 10_000, 20_000])
  })

  it.each([
    ['ends just then', HOUR_MS],
    ['has ended', 2 * HOUR_MS],
  ])('of a refusal is five minutes at least where the access token %s', async (_, ageMs) => {
    const id = await world.authorized()
    await world.clock.advance(ageMs)
    world.provider.answerWith(() => ({ status: 400, body: { error: 'says_no' } }))
    await rotate(id, 'manual', chance(0))
    expect(await failureOf(id)).toMatchObject({ refusals: 1, pauseMs: 5 * MINUTE_MS })
  })

  it('never ends by itself where a token of unknown outcome goes on working for ever', async () => {
    const { expires_in: _life, ...ENDLESS } = GRANT
    world.provider.answerWith(() => ({ body: { ok: true, ...ENDLESS, token_type: 'bot' } }))
    await world.addApplication('SLACK')
    const id = await world.authorized('SLACK', { type: 'OAUTH_CODE' })
    world.provider.answerWith(() => ({ drop: true }))
    await rotate(id)
    const row = await world.row(id)
    expect(row).toMatchObject({
      status: 'degraded',
      attempt: { isOver: true },
      failure: { class: 'unknown' },
    })
    expect([row.due_at, row.failure?.retryAtMs]).toEqual([undefined, undefined])
  })
})

describe('refusals of what is minted without a refresh token', () => {
  it('end no grant, however often they come', async () => {
    const { refresh_token: _, ...LASTING } = GRANT
    world.provider.answerWith(() => ({ body: LASTING }))
    const { id } = await world.create('OAUTH2', MACHINE_SETUP)
    await world.clock.advance(2 * HOUR_MS)
    world.provider.answerWith(() => ({ status: 400, body: { error: 'says_no' } }))
    for (let time = 0; time < 4; time++) await rotate(id)
    expect((await world.row(id)).status).toBe('degraded')
    expect(await failureOf(id)).toMatchObject({ count: 4, refusals: undefined })
  })
})

describe('a connection that is deleted while its provider refuses', () => {
  it('is gone', async () => {
    const id = await world.authorized()
    world.provider.answerWith(async () => {
      await deleteConnection(world.ports, { tenant: world.tenant, id, purge: false })
      return { status: 503, body: {} }
    })
    expect(await rotate(id)).toEqual({ kind: 'gone' })
  })
})

describe('a code that waits in the setup', () => {
  const CODE = { code: 'code-000', redirect_uri: 'https://app.example.test/' }

  it('is tried again within a minute, when its client is refused', async () => {
    world.provider.answerWith(() => ({ status: 401, body: { error: 'invalid_client' } }))
    const { id } = await world.create('OAUTH2', { ...CODE_SETUP, ...CODE })
    expect(await failureOf(id)).toMatchObject({ pauseMs: MINUTE_MS })
  })

  it.each([
    ['OAUTH2', CODE_SETUP],
    // A refresh token of this one may be sent as often as one likes, and its code may not.
    ['HUBSPOT', { type: 'OAUTH_CODE' }],
  ])('is sent once, when nobody knows what became of it: %s', async (appId, setup) => {
    if (appId !== 'OAUTH2') await world.addApplication(appId)
    world.provider.answerWith(() => ({ drop: true }))
    const { id, ...created } = await world.create(appId, { ...setup, ...CODE })
    expect([created.due_at, created.failure?.class]).toEqual([undefined, 'unknown'])
    const before = sent()
    expect(await rotate(id)).toMatchObject({ kind: 'failed', row: { status: 'pending' } })
    expect([sent(), (await world.row(id)).failure]).toEqual([before, created.failure])
  })
})

describe('a first credential that nobody knows whether it was minted', () => {
  it('is asked for again soon: that harms nothing', async () => {
    world.provider.answerWith(() => ({ drop: true }))
    const { id } = await world.create('OAUTH2', MACHINE_SETUP)
    const { pauseMs } = await failureOf(id)
    expect(pauseMs).toBeGreaterThanOrEqual(1_000)
    expect(pauseMs).toBeLessThanOrEqual(10_000)
  })
})
