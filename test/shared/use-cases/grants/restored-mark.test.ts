import { RESTORED_KEY } from '../../../../shared/domain/store-keys.ts'
import { StoreUnavailableError } from '../../../../shared/ports/item-store.ts'
import { rejectCredential } from '../../../../shared/use-cases/fetch/reject-credential.ts'
import {
  liftRestored,
  markRestored,
  RestoredMark,
} from '../../../../shared/use-cases/grants/restored-mark.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const CLIENT = {
  client_id: 'client-000',
  client_secret: 'secret-000',
  token_url: 'https://idp.example.test/token',
}
const CODE_SETUP = {
  ...CLIENT,
  type: 'AUTHORIZATION_CODE',
  authorization_url: 'https://idp.example.test/authorize',
}
const MACHINE_SETUP = { ...CLIENT, type: 'CLIENT_CREDENTIALS' }
const GRANT = { access_token: 'a', refresh_token: 'r', token_type: 'Bearer', expires_in: 3600 }
const HELD_BACK = { class: 'not-sent', code: 'store_restored' }

let world: GrantsUnderTest
beforeEach(async () => {
  world = await startGrantsUnderTest()
  world.provider.answerWith(() => ({ body: GRANT }))
})
afterEach(() => world.close())

const sent = () => world.provider.requests.length
/** Marks the store, which processes that have looked a moment ago see ten seconds later. */
async function restored(): Promise<void> {
  await markRestored(world.ports, world.clock.nowMs())
  await world.clock.advance(10_000)
}

async function authorized(appId: string, setup: { type: string }): Promise<string> {
  const { id } = await world.create(appId, setup)
  await world.connect(id)
  return id
}

describe('a restored store', () => {
  it('sends no refresh token that may rotate until its original is said to be gone, and then by itself', async () => {
    const id = await authorized('OAUTH2', CODE_SETUP)
    await restored()
    const before = sent()
    await world.clock.advance(56 * MINUTE_MS)
    await world.sweep()
    expect(await world.row(id)).toMatchObject({
      status: 'degraded',
      failure: { ...HELD_BACK, message: expect.stringContaining('restore --source-is-gone') },
    })
    // To its end the old token is served.
    expect((await world.fetch(id)).fields).toMatchObject({ access_token: 'a' })
    for (let minutes = 0; minutes < 60; minutes += 10) {
      await world.clock.advance(10 * MINUTE_MS)
      await world.sweep()
    }
    expect(sent()).toBe(before)
    // However long it takes, the grant is not called dead.
    expect(await world.row(id)).toMatchObject({ status: 'degraded', failure: HELD_BACK })

    expect(await liftRestored(world.ports)).toBe(true)
    await world.clock.advance(10 * MINUTE_MS)
    await world.sweep()
    expect(sent()).toBe(before + 1)
    expect(await world.row(id)).toMatchObject({ status: 'ready' })
    expect(await liftRestored(world.ports)).toBe(false)
  })

  it('tells flows and people why, and renews for the first flow after the mark is gone', async () => {
    const id = await authorized('OAUTH2', CODE_SETUP)
    await restored()
    const before = sent()
    const { credentialVersion } = await world.row(id)
    await rejectCredential(world.ports, { tenant: world.tenant, id, credentialVersion }).catch(
      () => undefined,
    )
    await world.clock.advance(2 * HOUR_MS)
    for (let times = 0; times < 3; times++) {
      await expect(world.fetch(id)).rejects.toMatchObject({
        code: 'credential-unavailable',
        detail: { errorCode: 'store_restored' },
      })
    }
    const { version, failure } = await world.row(id)
    await expect(world.fetch(id)).rejects.toMatchObject({ code: 'credential-unavailable' })
    // Flows that come again write nothing.
    expect(await world.row(id)).toMatchObject({ version, failure })
    const request = { tenant: world.tenant, id, cause: 'manual' } as const
    expect(await world.ports.grants.rotate(request, MINUTE_MS)).toMatchObject({
      kind: 'failed',
      row: { failure: HELD_BACK },
    })
    expect(sent()).toBe(before)

    await liftRestored(world.ports)
    await world.clock.advance(10_000)
    expect((await world.fetch(id)).fields).toMatchObject({ access_token: 'a' })
    expect(sent()).toBe(before + 1)
  })

  it('mints anew what the setup alone can mint, and sends those that stay as they are', async () => {
    const machine = (await world.create('OAUTH2', MACHINE_SETUP)).id
    await world.addApplication('GOOGLE_SHEETS')
    const person = await authorized('GOOGLE_SHEETS', { type: 'OAUTH_CODE' })
    await restored()
    const before = sent()
    await world.clock.advance(2 * HOUR_MS)
    await world.fetch(machine)
    await world.fetch(person)
    const asked = world.provider.requests.slice(before).map(({ parameters }) => parameters['grant_type'])
    expect(asked).toEqual(['client_credentials', 'refresh_token'])
  })

  it('may exchange the code of a person, whose grant its original does not have', async () => {
    await restored()
    const id = await authorized('OAUTH2', CODE_SETUP)
    expect((await world.fetch(id)).fields).toMatchObject({ access_token: 'a' })
  })
})

describe('the mark of a restored store', () => {
  it('is set once, and read once in ten seconds', async () => {
    await markRestored(world.ports, 0)
    await markRestored(world.ports, HOUR_MS)
    expect(await world.ports.items.get(RESTORED_KEY)).toEqual({
      restoredAt: '1970-01-01T00:00:00.000Z',
      v: 1,
    })
    let reads = 0
    const counted = {
      get: (key: typeof RESTORED_KEY) => {
        reads++
        return world.ports.items.get(key)
      },
    }
    const mark = new RestoredMark(counted, world.clock)
    expect(await Promise.all([mark.isSet(), mark.isSet()])).toEqual([true, true])
    await liftRestored(world.ports)
    expect(await mark.isSet()).toBe(true)
    expect(reads).toBe(1)
    await world.clock.advance(10_000)
    expect(await mark.isSet()).toBe(false)
    expect(reads).toBe(2)
  })

  it('is not taken for absent when the store does not answer', async () => {
    const away = () => Promise.reject(new StoreUnavailableError('away', 'not-applied'))
    await expect(new RestoredMark({ get: away }, world.clock).isSet()).rejects.toThrow('away')
  })
})
