import { findTombstone } from '../../../../shared/use-cases/commit/tombstones.ts'
import {
  deleteConnection,
  removeTombstone,
} from '../../../../shared/use-cases/connections/delete-connection.ts'
import { restoreConnection } from '../../../../shared/use-cases/connections/restore-connection.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const DAY_MS = 86_400_000
const SETUP = { type: 'TOKEN', token: 'token-0123456789' }

describe('the end of a recovery window', () => {
  let world: GrantsUnderTest
  beforeEach(async () => {
    world = await startGrantsUnderTest()
  })
  afterEach(() => world.close())

  /** Deleted, and the days up to the end of its window passed. */
  async function deleted(setup: typeof SETUP | undefined, days: number): Promise<string> {
    const { id } = await world.create('TELEGRAM', setup)
    await deleteConnection(world.ports, { tenant: world.tenant, id, purge: false })
    await world.clock.advance(days * DAY_MS)
    return id
  }

  it('destroys nothing of a connection that was restored just before it', async () => {
    const id = await deleted(SETUP, 6)
    const seen = await findTombstone(world.ports, world.tenant, id)
    await restoreConnection(world.ports, { tenant: world.tenant, id })
    // Reconcile had read the tombstone before it was taken away.
    await removeTombstone(world.ports, seen!)
    await world.reconcile()
    expect(JSON.stringify(await world.fetch(id))).toContain(SETUP.token)
    expect(await findTombstone(world.ports, world.tenant, id)).toBeUndefined()
  })

  it.each([
    ['with a setup', SETUP],
    ['without one', undefined],
  ])('ends restoring a connection %s, whether or not reconcile has come by', async (_what, setup) => {
    const id = await deleted(setup, 7)
    const restoring = restoreConnection(world.ports, { tenant: world.tenant, id })
    await expect(restoring).rejects.toMatchObject({ code: 'not-found' })
    await world.reconcile()
    expect(await findTombstone(world.ports, world.tenant, id)).toBeUndefined()
  })

  it('leaves a day before it what can be restored', async () => {
    const id = await deleted(undefined, 6)
    expect((await restoreConnection(world.ports, { tenant: world.tenant, id })).id).toBe(id)
  })
})
