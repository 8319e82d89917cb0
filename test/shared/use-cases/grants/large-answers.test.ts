import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const HOUR_MS = 3_600_000
const CODE_SETUP = {
  type: 'AUTHORIZATION_CODE',
  client_id: 'client-000',
  client_secret: 's'.repeat(2_000),
  authorization_url: 'https://idp.example.test/authorize',
  token_url: 'https://idp.example.test/token',
  revocation_url: 'https://idp.example.test/revoke',
}
const GRANT = { access_token: 'access-0', refresh_token: 'refresh-0', token_type: 'Bearer', expires_in: 3600 }
/** Within the 64 KiB that an answer may have, and too much beside the setup. */
const LARGE = { ...GRANT, access_token: 'a'.repeat(64_500), refresh_token: 'refresh-1' }

describe('an answer that one secret cannot hold beside the setup', () => {
  let world: GrantsUnderTest
  beforeEach(async () => {
    world = await startGrantsUnderTest()
  })
  afterEach(() => world.close())

  const answer = (body: object) =>
    world.provider.answerWith(({ path }) => ({ body: path === '/token' ? body : {} }))
  const sent = () => world.provider.requests.filter(({ path }) => path === '/token').length

  async function authorize(id: string) {
    return world.finish((await world.authorize(id)).searchParams.get('state'))
  }

  it('leaves a rotated connection degraded and says why, and is not asked for again while the old token works', async () => {
    const { id } = await world.create('OAUTH2', CODE_SETUP)
    answer(GRANT)
    await authorize(id)
    answer(LARGE)
    const asked = sent()
    const result = await world.ports.grants.rotate({ tenant: world.tenant, id, cause: 'manual' }, HOUR_MS)
    expect(result).toMatchObject({ kind: 'failed' })
    expect(await world.row(id)).toMatchObject({
      status: 'degraded',
      credentialVersion: 2,
      failure: { code: 'answer_too_large' },
      attempt: { unknownAtMs: expect.any(Number) },
    })
    expect((await world.row(id)).id).toBe(id)
    await world.clock.advance(HOUR_MS / 2)
    await world.sweep()
    expect((await world.fetch(id)).fields.access_token).toBe('access-0')
    expect(sent()).toBe(asked + 1)
  })

  it('is revoked when a person had just authorized, who is told why', async () => {
    const { id } = await world.create('OAUTH2', CODE_SETUP)
    answer(LARGE)
    expect(await authorize(id)).toMatchObject({
      end: { outcome: 'failed', words: expect.stringContaining('larger than the 64 KiB') },
    })
    const revoked = world.provider.requests.filter(({ path }) => path === '/revoke')
    expect(revoked.map(({ parameters }) => parameters['token'])).toEqual(['refresh-1'])
    expect(await world.row(id)).toMatchObject({ status: 'pending', credentialVersion: 1 })
  })
})
