import type { VaultError } from '../../../../shared/domain/errors.ts'
import { connectionKey, oauthAppKey } from '../../../../shared/domain/keys.ts'
import type { ItemStore, Write } from '../../../../shared/ports/item-store.ts'
import { rejectCredential } from '../../../../shared/use-cases/fetch/reject-credential.ts'
import { postponeRow } from '../../../../shared/use-cases/grants/postpone-rotation.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'
import { CODE_SETUP, GRANT } from '../../../support/oauth2-setups.ts'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

let world: GrantsUnderTest
beforeEach(async () => {
  world = await startGrantsUnderTest()
  world.provider.answerWith(() => ({ body: GRANT }))
})
afterEach(() => world.close())

const sent = () => world.provider.requests.length

describe('a client that its provider refused', () => {
  const refuseClient = () =>
    world.provider.answerWith(() => ({ status: 401, body: { error: 'invalid_client' } }))
  const { authorization_url: _, ...OF_CLIENT } = CODE_SETUP
  const MACHINE_SETUP = { ...OF_CLIENT, type: 'CLIENT_CREDENTIALS' }

  it.each([
    ['a person’s grant', () => world.authorized()],
    ['client credentials', async () => (await world.create('OAUTH2', MACHINE_SETUP)).id],
  ])('is asked again by itself within ten minutes, and not before five: %s', async (_, connected) => {
    const id = await connected()
    await world.fetch(id)
    refuseClient()
    await world.clock.advance(56 * MINUTE_MS)
    await world.sweep()
    expect(await world.row(id)).toMatchObject({ status: 'degraded', failure: { class: 'app-broken' } })
    const before = sent()
    for (let minutes = 0; minutes < 4; minutes++) {
      await world.clock.advance(MINUTE_MS)
      await world.sweep()
    }
    expect(sent()).toBe(before)
    world.provider.answerWith(() => ({ body: GRANT }))
    for (let minutes = 0; minutes < 7; minutes++) {
      await world.clock.advance(MINUTE_MS)
      await world.sweep()
    }
    expect(sent()).toBe(before + 1)
    expect((await world.row(id)).status).toBe('ready')
  })

  it('is asked when a flow comes after the pause that it was told', async () => {
    const { id } = await world.create('OAUTH2', MACHINE_SETUP)
    await world.clock.advance(2 * HOUR_MS)
    refuseClient()
    const refusal = await world.fetch(id).catch((error: VaultError) => error)
    expect(refusal).toMatchObject({ code: 'credential-unavailable', detail: { errorCode: 'invalid_client' } })
    const { retryAfterSeconds } = (refusal as VaultError).detail
    expect(retryAfterSeconds).toBeGreaterThanOrEqual(300)
    world.provider.answerWith(() => ({ body: GRANT }))
    const before = sent()
    await world.clock.advance((retryAfterSeconds! - 5) * 1000)
    await expect(world.fetch(id)).rejects.toMatchObject({ code: 'credential-unavailable' })
    expect(sent()).toBe(before)
    await world.clock.advance(5000)
    expect((await world.fetch(id)).fields).toMatchObject({ access_token: 'a' })
  })

  it('gets its first credential by itself, and flows are told until when to wait', async () => {
    refuseClient()
    const { id } = await world.create('OAUTH2', MACHINE_SETUP)
    const refusal = await world.fetch(id).catch((error: VaultError) => error)
    expect(refusal).toMatchObject({ code: 'credential-unavailable', detail: { errorCode: 'invalid_client' } })
    expect((refusal as VaultError).detail.retryAfterSeconds).toBeGreaterThanOrEqual(300)
    world.provider.answerWith(() => ({ body: GRANT }))
    await world.clock.advance(11 * MINUTE_MS)
    await world.sweep()
    expect((await world.row(id)).status).toBe('ready')
  })

  it('is asked once for all connections of its application', async () => {
    await world.addApplication('PIPEDRIVE')
    world.provider.answerWith(() => ({ body: { ...GRANT, api_domain: 'https://acme.pipedrive.com' } }))
    const ids = []
    for (let count = 0; count < 4; count++)
      ids.push(await world.authorized('PIPEDRIVE', { type: 'OAUTH_CODE' }))
    await world.clock.advance(2 * HOUR_MS)
    refuseClient()
    const before = sent()
    await expect(world.fetch(ids[0]!)).rejects.toMatchObject({ detail: { errorCode: 'invalid_client' } })
    for (const id of ids.slice(1)) {
      const refusal = await world.fetch(id).catch((error: VaultError) => error)
      // True of this connection, which nobody has asked for: why, and until when.
      expect(refusal).toMatchObject({
        message: expect.stringContaining('refused the same OAuth client'),
        detail: { errorCode: 'client_refused' },
      })
      expect((refusal as VaultError).detail.retryAfterSeconds).toBeGreaterThanOrEqual(300)
    }
    expect(sent()).toBe(before + 1)
  })
})

describe('a provider that is left alone', () => {
  it('is the reason that flows are told, with the time until it is asked', async () => {
    await world.addApplication('PIPEDRIVE')
    world.provider.answerWith(() => ({ body: { ...GRANT, api_domain: 'https://acme.pipedrive.com' } }))
    const ids = []
    for (let count = 0; count < 6; count++)
      ids.push(await world.authorized('PIPEDRIVE', { type: 'OAUTH_CODE' }))
    await world.clock.advance(2 * HOUR_MS)
    world.provider.answerWith(() => ({ status: 503, body: {} }))
    for (const id of ids.slice(0, 5)) await world.fetch(id).catch(() => undefined)
    const refusal = await world.fetch(ids[5]!).catch((error: VaultError) => error)
    expect(refusal).toMatchObject({
      message: expect.stringContaining('failed several times in a row'),
      detail: { errorCode: 'provider_failing' },
    })
    expect((refusal as VaultError).detail.retryAfterSeconds).toBeGreaterThan(30)
    expect((await world.row(ids[5]!)).failure).toBeUndefined()
  })
})

describe('a grant that is dead', () => {
  it('keeps no attempt, however its last requests ended', async () => {
    const id = await world.authorized()
    world.provider.answerWith(() => ({ drop: true }))
    await world.clock.advance(56 * MINUTE_MS)
    await world.sweep()
    expect((await world.row(id)).attempt?.unknownAtMs).toBeDefined()
    world.provider.answerWith(() => ({ status: 400, body: { error: 'invalid_grant' } }))
    await world.clock.advance(HOUR_MS)
    await world.sweep()
    const row = await world.row(id)
    expect([row.status, row.attempt]).toEqual(['reauthorization_required', undefined])
  })
})

describe('a refresh token that is refused under a name that nobody knows', () => {
  it.each([
    [{ status: 400, body: { error: 'computer_says_no' } }, 'computer_says_no'],
    [{ status: 403, body: { error: 'computer_says_no' } }, 'computer_says_no'],
    [{ status: 400, body: '<!doctype html><title>Bad request</title>' }, 'http_error'],
    [{ status: 422, body: { message: 'The given data was invalid.' } }, 'http_error'],
  ])('is dead once that is repeated after the access token has ended: %j', async (answer, code) => {
    const id = await world.authorized()
    world.provider.answerWith(() => answer)
    await world.clock.advance(56 * MINUTE_MS)
    for (let minutes = 0; minutes < 3; minutes++) {
      await world.sweep()
      await world.clock.advance(MINUTE_MS)
    }
    expect((await world.row(id)).status).toBe('degraded')
    for (let minutes = 0; minutes < 25; minutes++) {
      await world.clock.advance(MINUTE_MS)
      await world.sweep()
    }
    const row = await world.row(id)
    expect(row).toMatchObject({
      status: 'reauthorization_required',
      failure: { code, class: 'refused' },
    })
    expect(row.attempt).toBeUndefined()
    expect(row.statusReason).toMatch(/authorize the connection again\.$/i)
    expect(row.statusReason).not.toContain('by itself')
    const before = sent()
    await expect(world.fetch(id)).rejects.toMatchObject({ code: 'reauthorization-required' })
    expect(sent()).toBe(before)
  })

  it('is asked again when the access token ends, where that comes before the pause is over', async () => {
    const id = await world.authorized()
    world.provider.answerWith(() => ({ status: 400, body: { error: 'computer_says_no' } }))
    await world.clock.advance(56 * MINUTE_MS)
    await world.sweep()
    const { grants, due_at: dueAtMs } = await world.row(id)
    expect(dueAtMs).toBe(grants!['main']!.accessExpiresAtMs)
  })
})

describe('a token endpoint that something stands before', () => {
  it.each([
    ['a redirect to a login page', { status: 302, headers: { location: 'https://login.example.test/' } }],
    ['a firewall', { status: 403, body: '<!doctype html><title>Attention required</title>' }],
    ['a firewall without a word', { status: 403, body: '' }],
    ['a gateway without a key', { status: 403, body: { message: 'Forbidden' } }],
    ['a route that is gone', { status: 404, body: 'default backend - 404' }],
    ['a route that a framework misses', { status: 404, body: { status: 404, error: 'Not Found' } }],
    ['a method that is not taken', { status: 405, body: '' }],
  ] as const)('ends no grant, however long: %s', async (_what, answer) => {
    const id = await world.authorized()
    world.provider.answerWith(() => answer)
    await world.clock.advance(56 * MINUTE_MS)
    for (let quarters = 0; quarters < 12; quarters++) {
      await world.sweep()
      await world.clock.advance(15 * MINUTE_MS)
    }
    expect(sent()).toBeGreaterThan(6)
    expect(await world.row(id)).toMatchObject({ status: 'degraded', failure: { class: 'refused' } })
    await expect(world.fetch(id)).rejects.toMatchObject({ code: 'credential-unavailable' })
    world.provider.answerWith(() => ({ body: GRANT }))
    await world.clock.advance(15 * MINUTE_MS)
    await world.sweep()
    expect((await world.row(id)).status).toBe('ready')
  })
})

describe('an attempt of unknown outcome', () => {
  it('stands on while nothing can be sent, so that its answer is looked for still', async () => {
    const application = await world.addApplication('PIPEDRIVE')
    world.provider.answerWith(() => ({ body: { ...GRANT, api_domain: 'https://acme.pipedrive.com' } }))
    const id = await world.authorized('PIPEDRIVE', { type: 'OAUTH_CODE' })
    world.provider.answerWith(() => ({ drop: true }))
    await world.clock.advance(56 * MINUTE_MS)
    await world.sweep()
    const { attempt } = await world.row(id)
    expect(attempt?.unknownAtMs).toBeDefined()
    // Somebody's restored table may lack it, although none that is in use is deleted.
    await world.ports.items.transact([{ op: 'delete', key: oauthAppKey(world.tenant, application.id) }])
    for (let quarters = 0; quarters < 4; quarters++) {
      await world.clock.advance(15 * MINUTE_MS)
      await world.sweep()
    }
    expect(await world.row(id)).toMatchObject({ failure: { code: 'no_oauth_application' }, attempt })
  })
})

describe('postponeRow', () => {
  it('leaves a row where somebody else has moved it meanwhile', async () => {
    const id = await world.authorized()
    const seen = await world.row(id)
    const key = connectionKey(world.tenant, id)
    const moved = { due_shard: seen.due_shard, due_at: seen.due_at! - 1000 }
    await world.ports.items.transact([{ op: 'update', key, set: moved }])
    await postponeRow(world.ports, seen, seen.due_at! + HOUR_MS)
    expect((await world.row(id)).due_at).toBe(moved.due_at)
  })
})

describe('rejectCredential', () => {
  it('rotates nothing when the version was replaced between its look and its claim', async () => {
    const id = await world.authorized()
    const { credentialVersion } = await world.row(id)
    const items: ItemStore = world.ports.items
    const isClaim = (write: Write) => write.op === 'update' && write.set?.['rejectedAtMs'] !== undefined
    const overtaken = new Proxy(items, {
      get(target, name: keyof ItemStore) {
        if (name !== 'transact') return target[name].bind(target)
        return async (writes: readonly Write[]) => {
          if (writes.some(isClaim)) {
            const rotation = { tenant: world.tenant, id, cause: 'manual' } as const
            await world.ports.grants.rotate(rotation, HOUR_MS)
          }
          return target.transact(writes)
        }
      },
    })
    const before = sent()
    const input = { tenant: world.tenant, id, credentialVersion }
    const answer = await rejectCredential({ ...world.ports, items: overtaken }, input)
    expect(answer).toMatchObject({ renewed: true, row: { credentialVersion: credentialVersion + 1 } })
    expect(sent()).toBe(before + 1)
  })
})

describe('a token of unknown outcome that a flow reports refused', () => {
  it.each([
    ['is left alone while the test call accepts it', 200, 0],
    ['is sent once more when the test call is refused', 401, 1],
  ])('%s', async (_, status, more) => {
    const tokens = () => world.provider.requests.filter(({ path }) => path.includes('token')).length
    await world.addApplication('DOCUSIGN')
    const id = await world.authorized('DOCUSIGN', { type: 'OAUTH_CODE' })
    world.provider.answerWith(({ path }) =>
      path.includes('token') ? { status: 500, body: {} } : { status, body: {} },
    )
    const { credentialVersion } = await world.row(id)
    const rotation = { tenant: world.tenant, id, credentialVersion }
    await world.ports.grants.rotate({ ...rotation, cause: 'manual' }, 10_000)
    expect((await world.row(id)).attempt?.unknownAtMs).toBeDefined()
    const before = tokens()
    await world.ports.grants.rotate({ ...rotation, cause: 'rejected' }, 10_000)
    expect(tokens() - before).toBe(more)
  })
})
