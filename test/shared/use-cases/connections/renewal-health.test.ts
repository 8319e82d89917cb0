import { summarizeConnections } from '../../../../shared/use-cases/connections/list-connections.ts'
import { renewalHealth } from '../../../../shared/use-cases/connections/renewal-health.ts'
import { updateConnection } from '../../../../shared/use-cases/connections/update-connection.ts'
import { createFreeze } from '../../../../shared/use-cases/freezes/manage-freezes.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'
import { MACHINE_SETUP } from '../../../support/oauth2-setups.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

describe('renewalHealth', () => {
  let world: GrantsUnderTest
  beforeEach(async () => {
    world = await startGrantsUnderTest()
    const body = { access_token: 'access-0', token_type: 'Bearer', expires_in: 3600 }
    world.provider.answerWith(() => ({ body }))
  })
  afterEach(() => world.close())

  it('counts grants that were renewed, and neither new ones nor keys that somebody replaced', async () => {
    const key = await world.create('HTTP', { type: 'BEARER', token: 'token-000' })
    const machine = await world.create('OAUTH2', MACHINE_SETUP)
    await world.clock.advance(HOUR_MS)
    const setup = { type: 'BEARER', token: 'token-001' }
    await updateConnection(world.ports, { tenant: world.tenant, id: key.id, setup })
    expect((await renewalHealth(world.ports, world.tenant)).byApp).toEqual(new Map())
    await world.fetch(machine.id)
    expect((await renewalHealth(world.ports, world.tenant)).byApp).toEqual(
      new Map([['OAUTH2', { renewed: 1, failing: 0 }]]),
    )
  })

  it('counts an end that somebody typed, and no connection that is frozen as waiting for a person', async () => {
    const { ports, tenant } = world
    const key = await world.create('HTTP', { type: 'BEARER', token: 'token-000' })
    const credentialExpiresAtMs = world.clock.nowMs() + 6 * DAY_MS
    await updateConnection(ports, { tenant, id: key.id, credentialExpiresAtMs })
    expect(await renewalHealth(ports, tenant)).toMatchObject({ endingSoon: 1, needsPerson: 1 })
    await createFreeze(ports, {
      tenant,
      connectionId: key.id,
      reason: 'leaked',
      revoke: false,
    })
    expect(await renewalHealth(ports, tenant)).toMatchObject({ endingSoon: 1, needsPerson: 0 })
    expect(await summarizeConnections(ports, { tenant, filter: {} })).toMatchObject({ needsPerson: 0 })
  })
})
