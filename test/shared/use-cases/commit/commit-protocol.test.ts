import { type ItemStore, StoreUnavailableError, type Write } from '../../../../shared/ports/item-store.ts'
import { createConnection } from '../../../../shared/use-cases/connections/create-connection.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const SETUP = { type: 'TOKEN', token: 'token-0123456789' }

describe('commitSecret', () => {
  let world: GrantsUnderTest
  beforeEach(async () => {
    world = await startGrantsUnderTest()
  })
  afterEach(() => world.close())

  const input = () => ({
    tenant: world.tenant,
    clientId: 'test',
    name: 'Orders',
    appId: 'TELEGRAM',
    setup: SETUP,
    idempotencyKey: 'key-1',
  })

  /** The ports of a process that never hears whether its intent was written; it was. */
  function losingTheIntent(): GrantsUnderTest['ports'] {
    const isIntent = (write: Write) => write.op === 'put' && write.key.partition.endsWith('#INTENTS')
    const items = new Proxy(world.ports.items, {
      get(target, name: keyof ItemStore) {
        if (name !== 'transact') return target[name].bind(target)
        return async (writes: readonly Write[]) => {
          await target.transact(writes)
          if (writes.some((write) => isIntent(write) && write.when !== undefined))
            throw new StoreUnavailableError('the answer was lost', 'unknown')
        }
      },
    })
    return { ...world.ports, items }
  }

  it('undoes a start that it does not know of at once, so that the same key may be sent again', async () => {
    await expect(createConnection(losingTheIntent(), input())).rejects.toMatchObject({
      code: 'store-unavailable',
    })
    const { row, replayed } = await createConnection(world.ports, input())
    expect(replayed).toBe(false)
    expect(row.status).toBe('ready')
    const listed = await world.ports.items.query({
      partition: `TENANT#${world.tenant}#CONNECTIONS`,
      limit: 9,
    })
    expect(listed.items).toHaveLength(1)
  })
})
