import type { EventActor } from '../../../../shared/domain/change-event.ts'
import { listConnectionEvents } from '../../../../shared/use-cases/connections/list-connection-events.ts'
import { rotateNow } from '../../../../shared/use-cases/connections/rotate-now.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const CLIENT = {
  client_id: 'client-000',
  client_secret: 'secret-000',
  token_url: 'https://idp.example.test/token',
}
const MACHINE_SETUP = { type: 'CLIENT_CREDENTIALS', ...CLIENT }
const CODE_SETUP = {
  type: 'AUTHORIZATION_CODE',
  ...CLIENT,
  authorization_url: 'https://idp.example.test/authorize',
}
const GRANT = { access_token: 'access-0', token_type: 'Bearer', expires_in: 3600 }
const ALICE = { id: 'alice' }
const HOUR_MS = 3_600_000

describe('the event of a new grant', () => {
  let world: GrantsUnderTest
  beforeEach(async () => {
    world = await startGrantsUnderTest()
    world.provider.answerWith(() => ({ body: GRANT }))
  })
  afterEach(() => world.close())

  /** Types and actors of a connection's events, the newest first. */
  async function newest(id: string) {
    const at = { tenant: world.tenant, id, order: 'desc', from: undefined, limit: 1 } as const
    const [event] = await listConnectionEvents(world.ports, at)
    return { type: event?.type, actor: event?.actor }
  }
  const actAs = (actor: EventActor | undefined) => Object.assign(world.ports, { actor })

  it('names who asked for the rotation, and nobody when it was due', async () => {
    const { id } = await world.create('OAUTH2', MACHINE_SETUP)
    await rotateNow({ ...world.ports, actor: ALICE }, { tenant: world.tenant, id })
    expect(await newest(id)).toEqual({ type: 'connection.credentials_rotated', actor: ALICE })
    await world.ports.grants.rotate({ tenant: world.tenant, id, cause: 'manual' }, HOUR_MS)
    expect(await newest(id)).toEqual({ type: 'connection.credentials_rotated', actor: undefined })
  })

  it('names who asked for the link, whoever opens it', async () => {
    const { id } = await world.create('OAUTH2', CODE_SETUP)
    actAs(ALICE)
    const url = await world.authorize(id)
    actAs(undefined)
    await world.finish(url.searchParams.get('state'))
    expect(await newest(id)).toEqual({ type: 'connection.updated', actor: ALICE })
  })
})
