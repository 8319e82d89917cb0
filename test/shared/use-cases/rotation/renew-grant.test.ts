import { createLocalGrantRunner } from '../../../../functions/grants/local-grant-runner.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const SETUP = {
  type: 'CLIENT_CREDENTIALS',
  client_id: 'client-000',
  client_secret: 'secret-000',
  token_url: 'https://idp.example.test/token',
  scope: 'read',
}

describe('renewGrant', () => {
  let world: GrantsUnderTest
  beforeEach(async () => {
    world = await startGrantsUnderTest()
    world.provider.answerWith(() => ({ body: { access_token: 'access-1', expires_in: 3600 } }))
  })
  afterEach(() => world.close())

  it.each([
    ['finds no place among the calls of its tenant', 'too_many_calls', 0],
    ['cannot be built', 'invalid_request', 0],
    ['does not reach the host', 'connect_failed', 1],
  ])(
    'stops others at a host for what it does, after five requests of which each %s',
    async (_, code, open) => {
      const oauth = { requestToken: async () => ({ kind: 'not-sent', code, message: 'It was not sent.' }) }
      const grants = createLocalGrantRunner({ ...world.ports, oauth } as never)
      const rows = await Promise.all([1, 2, 3, 4, 5].map(() => world.create('OAUTH2', SETUP)))
      await world.clock.advance(3_600_000)
      for (const { id } of rows) {
        await grants.rotate({ tenant: world.tenant, id, cause: 'fetch' }, 10_000)
        expect(await world.row(id)).toMatchObject({ status: 'degraded', failure: { code } })
      }
      expect(world.ports.breaker.openCount('host')).toBe(open)
    },
  )
})
