import { DeleteTableCommand, DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb'
import { DYNAMO_CLIENT_SETTINGS } from '../../shared/adapters/dynamodb/client-settings.ts'
import { DynamoItemStore } from '../../shared/adapters/dynamodb/dynamo-item-store.ts'
import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../../shared/adapters/system/system-random.ts'
import type { ItemPage } from '../../shared/ports/item-store.ts'
import { ITEM_STORE_DEVIATIONS, itemStoreContract } from '../contract/item-store.ts'
import { createTable } from '../support/create-table.ts'
import { type EmulatorName, emulatorClientConfig } from '../support/emulator-under-test.ts'
import { deviationsOf } from './emulator-deviations.ts'

const TABLE_NAME = 'item-store-contract'

async function openOn(emulator: EmulatorName) {
  const client = new DynamoDBClient({ ...DYNAMO_CLIENT_SETTINGS, ...emulatorClientConfig(emulator) })
  const store = new DynamoItemStore({
    client,
    tableName: TABLE_NAME,
    clock: new SystemClock(),
    random: new SystemRandom(),
  })
  return { store, close: async () => client.destroy() }
}

/** moto copies the whole table for each transaction, so every test gets an empty one: 90 s become 30. */
async function emptyTable(emulator: EmulatorName) {
  const client = new DynamoDBClient({ ...DYNAMO_CLIENT_SETTINGS, ...emulatorClientConfig(emulator) })
  try {
    const { TableNames = [] } = await client.send(new ListTablesCommand({}))
    if (TableNames.includes(TABLE_NAME)) await client.send(new DeleteTableCommand({ TableName: TABLE_NAME }))
    await createTable(client, TABLE_NAME)
  } finally {
    client.destroy()
  }
}

describe.each<EmulatorName>(['moto', 'ministack'])('on %s', (emulator) => {
  beforeEach(() => emptyTable(emulator))
  itemStoreContract('DynamoItemStore', () => openOn(emulator), deviationsOf(emulator, ITEM_STORE_DEVIATIONS))

  describe('DynamoItemStore, where answers are cut off at 1 MB', () => {
    const partition = 'large'
    const sorts = ['a', 'b', 'c', 'd', 'e', 'f', 'g']

    async function openLarge() {
      const opened = await openOn(emulator)
      for (const sort of sorts) {
        const attributes = { text: 'x'.repeat(390_000) }
        await opened.store.transact([{ op: 'put', key: { partition, sort }, attributes }])
      }
      return opened
    }

    it('reads and scans on until the limit, and skips over more than one answer', async () => {
      const { store, close } = await openLarge()
      const sortsOf = ({ items }: ItemPage) => items.map(({ key }) => key.sort)
      const first = await store.query({ partition, limit: 6 })
      expect(sortsOf(first)).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
      const next = await store.query({ partition, limit: 6, nextToken: first.nextToken })
      expect(sortsOf(next)).toEqual(['g'])
      expect(next.nextToken).toBeUndefined()
      expect(sortsOf(await store.query({ partition, skip: 5, limit: 6 }))).toEqual(['f', 'g'])
      expect(sortsOf(await store.query({ partition, skip: 5, limit: 6, descending: true }))).toEqual([
        'b',
        'a',
      ])
      expect(sortsOf(await store.scan({ limit: 10 })).sort()).toEqual(sorts)
      await close()
    })
  })
})
