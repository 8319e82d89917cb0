import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const HOUR_MS = 3_600_000
const CODE_SETUP = {
  type: 'AUTHORIZATION_CODE',
  client_id: 'client-000',
  client_secret: 's'.repeat(2_000),
  authorization_url: 'https://idp.example.test/authorize',
  token_url: 'https://idp.example.test/token',
}
const GRANT = { access_token: 'access-0', refresh_token: 'refresh-0', token_type: 'Bearer', expires_in: 3600 }
/** Nearly the 64 KiB that an answer may have. */
const LARGE = { ...GRANT, access_token: 'a'.repeat(64_500), refresh_token: 'refresh-1' }

describe('an answer as large as answers may be', () => {
  let world: GrantsUnderTest
  beforeEach(async () => {
    world = await startGrantsUnderTest()
  })
  afterEach(() => world.close())

  it('is kept, whatever the setup beside it weighs', async () => {
    const { id } = await world.create('OAUTH2', CODE_SETUP)
    world.provider.answerWith(() => ({ body: GRANT }))
    await world.connect(id)
    world.provider.answerWith(() => ({ body: LARGE }))
    const result = await world.ports.grants.rotate({ tenant: world.tenant, id, cause: 'manual' }, HOUR_MS)
    expect(result).toMatchObject({ kind: 'rotated' })
    expect((await world.fetch(id)).fields.access_token).toBe(LARGE.access_token)
  })
})
