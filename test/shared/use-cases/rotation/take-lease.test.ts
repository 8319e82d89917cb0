import { type ItemStore, StoreUnavailableError, type Write } from '../../../../shared/ports/item-store.ts'
import { rotateConnection } from '../../../../shared/use-cases/rotation/rotate-connection.ts'
import { type GrantsUnderTest, startGrantsUnderTest } from '../../../support/grants-under-test.ts'

const HOUR_MS = 3_600_000
const CODE_SETUP = {
  type: 'AUTHORIZATION_CODE',
  client_id: 'client-000',
  client_secret: 'secret-000',
  authorization_url: 'https://idp.example.test/authorize',
  token_url: 'https://idp.example.test/token',
}

describe('a lease whose write was not answered', () => {
  let world: GrantsUnderTest
  let id: string
  beforeEach(async () => {
    world = await startGrantsUnderTest()
    const grant = { access_token: 'a', refresh_token: 'r', token_type: 'Bearer', expires_in: 3600 }
    world.provider.answerWith(() => ({ body: grant }))
    id = (await world.create('OAUTH2', CODE_SETUP)).id
    await world.finish((await world.authorize(id)).searchParams.get('state'))
    await world.clock.advance(HOUR_MS)
  })
  afterEach(() => world.close())

  /** Rotates while the write that takes the lease is lost, before or after it took effect. */
  function rotateWith(applied: boolean) {
    const items: ItemStore = world.ports.items
    const isLease = (write: Write) => write.op === 'update' && write.set?.['lease'] !== undefined
    const losing = new Proxy(items, {
      get(target, name: keyof ItemStore) {
        if (name !== 'transact') return target[name].bind(target)
        return async (writes: readonly Write[]) => {
          if (!writes.some(isLease)) return target.transact(writes)
          if (applied) await target.transact(writes)
          throw new StoreUnavailableError('the answer was lost', 'unknown')
        }
      },
    })
    return rotateConnection({ ...world.ports, items: losing }, { tenant: world.tenant, id, cause: 'manual' })
  }

  it('is used when it turns out to be there, so that no attempt stands that was never sent', async () => {
    const before = world.provider.requests.length
    expect(await rotateWith(true)).toMatchObject({ kind: 'rotated' })
    expect(world.provider.requests).toHaveLength(before + 1)
    expect((await world.row(id)).attempt).toBeUndefined()
  })

  it('is not used when it is not there: nothing is sent, and nothing stands', async () => {
    const before = world.provider.requests.length
    await expect(rotateWith(false)).rejects.toThrow(StoreUnavailableError)
    expect(world.provider.requests).toHaveLength(before)
    expect((await world.row(id)).attempt).toBeUndefined()
  })
})
