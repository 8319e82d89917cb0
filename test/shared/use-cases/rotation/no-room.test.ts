import { createLocalGrantRunner } from '../../../../functions/grants/local-grant-runner.ts'
import { createConnection } from '../../../../shared/use-cases/connections/create-connection.ts'
import { fetchCredential } from '../../../../shared/use-cases/fetch/fetch-credential.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const SETUP = {
  type: 'CLIENT_CREDENTIALS',
  client_id: 'client-000',
  client_secret: 'secret-000',
  token_url: 'https://idp.example.test/token',
  scope: 'read',
}
const MINUTE_MS = 60_000

describe('a provider, while there is no room for its answer,', () => {
  let world: GrantsUnderTest
  let asked: number
  let hasRoom: boolean
  beforeEach(async () => {
    world = await startGrantsUnderTest()
    asked = 0
    hasRoom = true
    world.provider.answerWith(() => {
      asked++
      return {
        body: { access_token: `access-${asked}`, token_type: 'Bearer', expires_in: 3600, scope: 'read' },
      }
    })
  })
  afterEach(() => world.close())

  const ports = () => {
    const base = { ...world.ports, hasRoom: () => hasRoom }
    return { ...base, grants: createLocalGrantRunner(base) }
  }
  const fetch = (id: string) => fetchCredential(ports(), { tenant: world.tenant, id, minTtlSeconds: 600 })

  it('is not asked: what works is served, then flows are told why, and no attempt is left', async () => {
    const { id } = await world.create('OAUTH2', SETUP)
    hasRoom = false
    await world.clock.advance(55 * MINUTE_MS)
    expect(await fetch(id)).toMatchObject({ kind: 'credential', credentialVersion: 1 })
    await world.clock.advance(6 * MINUTE_MS)
    await expect(fetch(id)).rejects.toMatchObject({
      code: 'credential-unavailable',
      message: expect.stringContaining('almost full'),
      detail: { errorCode: 'no_room', retryAfterSeconds: 60 },
    })
    const row = await world.row(id)
    expect([asked, row.attempt, row.failure]).toEqual([1, undefined, undefined])
    hasRoom = true
    expect(await fetch(id)).toMatchObject({ kind: 'credential', credentialVersion: 2 })
    expect(asked).toBe(2)
  })

  it('is not asked for a first grant, which comes once there is room', async () => {
    hasRoom = false
    const input = { tenant: world.tenant, clientId: 'test', name: 'Orders', appId: 'OAUTH2', setup: SETUP }
    const { row } = await createConnection(ports(), input)
    expect(row).toMatchObject({ status: 'pending', failure: { code: 'no_room' } })
    expect(asked).toBe(0)
    hasRoom = true
    await world.clock.advance(10 * MINUTE_MS)
    expect(await fetch(row.id)).toMatchObject({ kind: 'credential' })
  })
})
