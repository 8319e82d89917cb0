import { MemoryItemStore } from '../../../../shared/adapters/memory/memory-item-store.ts'
import { freezeKey } from '../../../../shared/domain/keys.ts'
import { type ItemPage, type ItemQuery, StoreUnavailableError } from '../../../../shared/ports/item-store.ts'
import { FreezeWatch } from '../../../../shared/use-cases/freezes/freeze-watch.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const ORDERS = { id: 'ac_orders', appId: 'SLACK' }

/** A store of freezes that counts its reads, fails on demand, and may give small pages. */
class FreezeItems {
  readonly store = new MemoryItemStore()
  reads = 0
  failing = false
  pageItems = 1000
  /** Reads wait for this. */
  gate: Promise<void> | undefined

  async query(query: ItemQuery): Promise<ItemPage> {
    if (query.nextToken === undefined) this.reads += 1
    if (this.failing) throw new StoreUnavailableError('down', 'not-applied')
    const page = await this.store.query({ ...query, limit: Math.min(query.limit, this.pageItems) })
    await this.gate
    return page
  }

  put(id: string, members: Record<string, string | number>): Promise<void> {
    const attributes = { id, tenant: 'acme', reason: id, revoke: false, ...members, v: 1 }
    return this.store.transact([{ op: 'put', key: freezeKey('acme', id), attributes }])
  }
}

function watched(): { items: FreezeItems; clock: ManualClock; watch: FreezeWatch } {
  const items = new FreezeItems()
  const clock = new ManualClock()
  return { items, clock, watch: new FreezeWatch(items, clock) }
}

describe('FreezeWatch', () => {
  test('finds the freeze of the app or of the connection, and no other', async () => {
    const { items, watch } = watched()
    await items.put('fz_1', { appId: 'SLACK' })
    await items.put('fz_2', { connectionId: 'ac_stripe' })
    expect((await watch.find('acme', ORDERS))?.id).toBe('fz_1')
    expect((await watch.find('acme', { id: 'ac_stripe', appId: 'STRIPE' }))?.id).toBe('fz_2')
    expect(await watch.find('acme', { id: 'ac_other', appId: 'STRIPE' })).toBeUndefined()
    expect(await watch.find('globex', ORDERS)).toBeUndefined()
    expect(watch.inForce).toBe(2)
  })

  test('does not keep what it had begun to read before it made a freeze itself', async () => {
    const { items, watch } = watched()
    const gate = Promise.withResolvers<void>()
    items.gate = gate.promise
    const early = watch.find('acme', ORDERS)
    await items.put('fz_1', { appId: 'SLACK' })
    watch.forget('acme')
    gate.resolve()
    expect(await early).toBeUndefined()
    expect((await watch.find('acme', ORDERS))?.id).toBe('fz_1')
  })

  test('reads a tenant’s freezes at most once a second, however many ask', async () => {
    const { items, clock, watch } = watched()
    for (let second = 0; second < 5; second++) {
      await Promise.all(Array.from({ length: 20 }, () => watch.find('acme', ORDERS)))
      await clock.advance(500)
      await Promise.all(Array.from({ length: 20 }, () => watch.find('acme', ORDERS)))
      await clock.advance(500)
    }
    expect(items.reads).toBe(5)
  })

  test('obeys a freeze that another instance made within a second, and its end as well', async () => {
    const { items, clock, watch } = watched()
    expect(await watch.find('acme', ORDERS)).toBeUndefined()
    await items.put('fz_1', { appId: 'SLACK' })
    await clock.advance(1000)
    expect(await watch.find('acme', ORDERS)).toBeDefined()
    await items.put('fz_1', { appId: 'SLACK', endedAtMs: 1 })
    await clock.advance(1000)
    expect(await watch.find('acme', ORDERS)).toBeUndefined()
    expect(watch.inForce).toBe(0)
  })

  test('counts a slow answer as old as its question', async () => {
    const { items, clock, watch } = watched()
    const gate = Promise.withResolvers<void>()
    items.gate = gate.promise
    const first = watch.find('acme', ORDERS)
    await clock.advance(800)
    gate.resolve()
    items.gate = undefined
    expect(await first).toBeUndefined()
    await items.put('fz_1', { appId: 'SLACK' })
    await clock.advance(200)
    expect(await watch.find('acme', ORDERS)).toBeDefined()
  })

  test('refuses when the freezes cannot be read, also after they could', async () => {
    const { items, clock, watch } = watched()
    await watch.find('acme', ORDERS)
    items.failing = true
    await expect(watch.find('acme', ORDERS)).resolves.toBeUndefined()
    await clock.advance(1000)
    await expect(watch.find('acme', ORDERS)).rejects.toThrow(StoreUnavailableError)
    await expect(watch.find('acme', ORDERS)).rejects.toThrow(StoreUnavailableError)
    items.failing = false
    await expect(watch.find('acme', ORDERS)).resolves.toBeUndefined()
  })

  test('obeys its own freeze at once, also when an older read is under way', async () => {
    const { items, watch } = watched()
    const gate = Promise.withResolvers<void>()
    items.gate = gate.promise
    const before = watch.find('acme', ORDERS)
    await new Promise((resolve) => setImmediate(resolve))
    await items.put('fz_1', { appId: 'SLACK' })
    watch.forget('acme')
    const after = watch.find('acme', ORDERS)
    gate.resolve()
    expect(await before).toBeUndefined()
    expect((await after)?.id).toBe('fz_1')
    expect((await watch.find('acme', ORDERS))?.id).toBe('fz_1')
  })

  test('overlooks none where the store gives small pages', async () => {
    const { items, watch } = watched()
    items.pageItems = 2
    for (let index = 0; index < 5; index++) await items.put(`fz_${index}`, { connectionId: `ac_${index}` })
    expect((await watch.find('acme', { id: 'ac_4', appId: 'SLACK' }))?.id).toBe('fz_4')
    expect(watch.inForce).toBe(5)
  })
})
