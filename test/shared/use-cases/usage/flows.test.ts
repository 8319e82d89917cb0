import { MemoryItemStore } from '../../../../shared/adapters/memory/memory-item-store.ts'
import { flowKey } from '../../../../shared/domain/keys.ts'
import type { ItemQuery } from '../../../../shared/ports/item-store.ts'
import { countFlows } from '../../../../shared/use-cases/usage/flows.ts'

const TENANT = 'acme'
const idOf = (number: number) => `ac_${String(number).padStart(3, '0')}`

async function storeWith(flows: (connection: number) => number): Promise<MemoryItemStore> {
  const items = new MemoryItemStore()
  for (let connection = 0; connection < 120; connection++)
    for (let flow = 0; flow < flows(connection); flow++) {
      const key = flowKey(TENANT, idOf(connection), `flow-${flow}`)
      await items.transact([{ op: 'put', key, attributes: { kind: 'flow' } }])
    }
  return items
}

async function count(items: MemoryItemStore, connections: readonly number[]) {
  let [queries, most, under] = [0, 0, 0]
  const query = async (asked: ItemQuery) => {
    queries++
    most = Math.max(most, ++under)
    await new Promise((resolve) => setImmediate(resolve))
    under--
    return items.query(asked)
  }
  const counted = await countFlows(
    { items: { query } as never },
    { tenant: TENANT, connectionIds: connections.map(idOf) },
  )
  return { counts: connections.map((connection) => counted.get(idOf(connection))), queries, most }
}

describe('countFlows', () => {
  const page = Array.from({ length: 100 }, (_, at) => at + 10)

  it('counts for a page of connections in one read, whatever their order', async () => {
    const items = await storeWith((connection) => connection % 3)
    const shuffled = page.toReversed()
    const { counts, queries } = await count(items, shuffled)
    expect(counts).toEqual(shuffled.map((connection) => connection % 3))
    expect(queries).toBe(1)
  })

  it('counts those one by one, ten at a time, that a read of a thousand did not reach', async () => {
    const flows = (connection: number) => (connection === 40 ? 990 : connection % 2)
    const { counts, queries, most } = await count(await storeWith(flows), page)
    expect(counts).toEqual(page.map(flows))
    expect(queries).toBeGreaterThan(20)
    expect(queries).toBeLessThan(101)
    expect(most).toBe(10)
  })

  it('reads the flows of one connection alone', async () => {
    const items = await storeWith((connection) => connection % 3)
    expect(await count(items, [5])).toMatchObject({ counts: [2], queries: 1 })
    expect(await count(items, [])).toMatchObject({ counts: [], queries: 0 })
  })
})
