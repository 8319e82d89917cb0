import { MemoryItemStore } from '../../../../shared/adapters/memory/memory-item-store.ts'
import type { Write } from '../../../../shared/ports/item-store.ts'
import { itemStoreContract } from '../../../contract/item-store.ts'

itemStoreContract('MemoryItemStore', async () => ({
  store: new MemoryItemStore(),
  close: async () => {},
}))

describe('MemoryItemStore', () => {
  it('removes expired items, the oldest first, and no others', async () => {
    const store = new MemoryItemStore()
    const put = (sort: string, expiresAtS?: number): Write => ({
      op: 'put',
      key: { partition: 'p', sort },
      attributes: { expires_at_s: expiresAtS },
    })
    await store.transact([
      put('later', 30),
      put('second', 20),
      put('first', 10),
      put('never'),
      put('kept', 15),
    ])
    await store.transact([put('kept', 99)])
    expect(await store.removeExpired(10_000, 10)).toBe(0)
    expect(await store.removeExpired(20_001, 1)).toBe(1)
    expect(await store.get({ partition: 'p', sort: 'first' })).toBeUndefined()
    expect(await store.removeExpired(20_001, 10)).toBe(1)
    expect(await store.removeExpired(20_001, 10)).toBe(0)
    const { items } = await store.query({ partition: 'p', limit: 10 })
    expect(items.map((item) => item.key.sort)).toEqual(['kept', 'later', 'never'])
  })

  it('has applied a write by the time its promise is made', async () => {
    const store = new MemoryItemStore()
    const written = store.transact([{ op: 'put', key: { partition: 'p', sort: 's' }, attributes: { a: 1 } }])
    const read = store.get({ partition: 'p', sort: 's' })
    expect(await read).toEqual({ a: 1 })
    await written
  })
})
