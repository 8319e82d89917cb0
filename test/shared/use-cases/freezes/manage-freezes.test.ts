import type { JsonObject } from '../../../../shared/domain/json.ts'
import { eventSortPrefix, eventsPartition } from '../../../../shared/domain/keys.ts'
import { createFreeze, liftFreeze, MAX_FREEZES } from '../../../../shared/use-cases/freezes/manage-freezes.ts'
import { runFreezeJob } from '../../../../shared/use-cases/freezes/run-freeze-job.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const TENANT = 'acme'
const TELEGRAM: JsonObject = { type: 'TOKEN', token: '123456789:AAExample_ExampleExampleExampleExampleE' }

describe('liftFreeze', () => {
  let world: GrantsUnderTest
  beforeEach(async () => {
    world = await startGrantsUnderTest()
  })
  afterEach(() => world.close())
  const freeze = (which: { appId: string } | { connectionId: string }) =>
    createFreeze(world.ports, { tenant: TENANT, reason: 'leak', revoke: false, ...which })
  const last = async (id: string): Promise<unknown> => {
    const page = await world.ports.items.query({
      partition: eventsPartition(TENANT),
      sortPrefix: eventSortPrefix(id),
      limit: 1,
      descending: true,
    })
    return page.items[0]?.attributes['type']
  }

  test('tells of the end only when no other freeze covers the connection', async () => {
    const { id } = await world.create('TELEGRAM', TELEGRAM)
    const [app, one] = [await freeze({ appId: 'TELEGRAM' }), await freeze({ connectionId: id })]
    await runFreezeJob(world.ports, TENANT, app.id)
    await runFreezeJob(world.ports, TENANT, one.id)
    await liftFreeze(world.ports, TENANT, app.id)
    await runFreezeJob(world.ports, TENANT, app.id)
    expect(await last(id)).toBe('connection.frozen')
    await liftFreeze(world.ports, TENANT, one.id)
    await runFreezeJob(world.ports, TENANT, one.id)
    expect(await last(id)).toBe('connection.unfrozen')
  })

  test('is done once: a second lift finds nothing, and nothing comes back', async () => {
    const made = await freeze({ appId: 'TELEGRAM' })
    const lifts = [liftFreeze(world.ports, TENANT, made.id), liftFreeze(world.ports, TENANT, made.id)]
    const results = await Promise.allSettled(lifts)
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await runFreezeJob(world.ports, TENANT, made.id)
    expect(await world.ports.items.query({ partition: `TENANT#${TENANT}#FREEZES`, limit: 10 })).toEqual({
      items: [],
    })
    await expect(liftFreeze(world.ports, TENANT, made.id)).rejects.toMatchObject({ code: 'not-found' })
  })
})

describe('createFreeze', () => {
  let world: GrantsUnderTest
  beforeEach(async () => {
    world = await startGrantsUnderTest()
  })
  afterEach(() => world.close())

  test('is in force although the queue does not take its job', async () => {
    const work = { enqueue: () => Promise.reject(new Error('down')) }
    const { id } = await world.create('TELEGRAM', TELEGRAM)
    await createFreeze(
      { ...world.ports, work },
      { tenant: TENANT, appId: 'TELEGRAM', reason: 'leak', revoke: false },
    )
    await expect(world.fetch(id)).rejects.toMatchObject({ code: 'connection-frozen' })
  })

  test(`refuses more than ${MAX_FREEZES} of a tenant, and the newest is obeyed`, async () => {
    const make = (connectionId: string) =>
      createFreeze(world.ports, {
        tenant: TENANT,
        connectionId,
        reason: 'leak',
        revoke: false,
      })
    const { id } = await world.create('TELEGRAM', TELEGRAM)
    for (let index = 0; index < MAX_FREEZES; index++) {
      const key = { partition: `TENANT#${TENANT}#FREEZES`, sort: `fz_${String(index).padStart(4, '0')}` }
      // The oldest is lifted and its job not done yet: it takes a place in the store and none of the limit.
      const ended = index === 0 ? { endedAtMs: 1 } : {}
      const attributes = { id: key.sort, connectionId: `ac_${index}`, reason: 'old', ...ended, v: 1 }
      await world.ports.items.transact([{ op: 'put', key, attributes }])
    }
    await make(id)
    await expect(world.fetch(id)).rejects.toMatchObject({ code: 'connection-frozen' })
    await expect(make(id)).rejects.toMatchObject({ code: 'conflict' })
  })
})
