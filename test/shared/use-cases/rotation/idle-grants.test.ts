import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'
import { CODE_SETUP, MACHINE_SETUP } from '../../../support/oauth2-setups.ts'

const MINUTE_MS = 60_000

describe('a grant that nobody fetches', () => {
  let world: GrantsUnderTest
  beforeEach(async () => {
    world = await startGrantsUnderTest()
    const grant = { access_token: 'a', refresh_token: 'r', token_type: 'Bearer', expires_in: 3600 }
    world.provider.answerWith(({ parameters }) => ({
      body:
        parameters['grant_type'] === 'client_credentials' ? { ...grant, refresh_token: undefined } : grant,
    }))
  })
  afterEach(() => world.close())

  const sent = () => world.provider.requests.length

  /** So many hours, in each of which a sweep comes six times, and a flow when `fetches` says so. */
  async function passHours(hours: number, fetches: (hour: number) => string | undefined = () => undefined) {
    for (let hour = 0; hour < hours; hour++) {
      const id = fetches(hour)
      if (id !== undefined) await world.fetch(id)
      for (let sweeps = 0; sweeps < 6; sweeps++) {
        await world.clock.advance(10 * MINUTE_MS)
        await world.sweep()
      }
    }
  }

  it('is minted for a day, then not any more, and on the next fetch again', async () => {
    const { id } = await world.create('OAUTH2', MACHINE_SETUP)
    await passHours(24)
    expect(sent()).toBeGreaterThan(20)
    await passHours(2)
    const before = sent()
    expect((await world.row(id)).due_at).toBeUndefined()
    await passHours(48)
    expect(sent()).toBe(before)
    // A flow waits for the provider once; from then on its token is renewed ahead of it.
    expect((await world.fetch(id)).usable_for_seconds).toBeGreaterThan(3000)
    expect(sent()).toBe(before + 1)
    await passHours(3)
    expect(sent()).toBeGreaterThanOrEqual(before + 3)
  })

  it('stays minted ahead of a flow that comes every few hours', async () => {
    const { id } = await world.create('OAUTH2', MACHINE_SETUP)
    await passHours(72, (hour) => (hour % 20 === 0 ? id : undefined))
    const before = sent()
    await world.fetch(id)
    expect(sent()).toBe(before)
    expect(before).toBeGreaterThan(60)
  })

  it('is minted by what the setup holds, whatever refresh token its provider adds', async () => {
    const grant = { access_token: 'a', token_type: 'Bearer', expires_in: 3600 }
    world.provider.answerWith(({ parameters }) =>
      parameters['grant_type'] === 'client_credentials'
        ? { body: { ...grant, refresh_token: 'r', refresh_expires_in: 1800 } }
        : { status: 400, body: { error: 'invalid_grant', error_description: 'Session not active' } },
    )
    const { id } = await world.create('OAUTH2', MACHINE_SETUP)
    await passHours(30)
    expect((await world.fetch(id)).usable_for_seconds).toBeGreaterThan(3000)
    expect(await world.row(id)).toMatchObject({
      status: 'ready',
      grants: { main: { hasRefreshToken: false } },
    })
  })

  it('is renewed all the same where it holds a refresh token, which would end', async () => {
    const { id } = await world.create('OAUTH2', CODE_SETUP)
    await world.connect(id)
    await passHours(72)
    expect(sent()).toBeGreaterThan(60)
    expect((await world.row(id)).due_at).toBeDefined()
  })
})
