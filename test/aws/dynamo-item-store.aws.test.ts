import { DeleteTableCommand, DynamoDBClient, ListTablesCommand, ScanCommand } from '@aws-sdk/client-dynamodb'
import { DYNAMO_CLIENT_SETTINGS } from '../../shared/adapters/dynamodb/client-settings.ts'
import { DynamoItemStore } from '../../shared/adapters/dynamodb/dynamo-item-store.ts'
import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../../shared/adapters/system/system-random.ts'
import { connectionKey, eventKey, outboxShard } from '../../shared/domain/keys.ts'
import { ConditionFailedError, type ItemPage, type Write } from '../../shared/ports/item-store.ts'
import { ITEM_STORE_DEVIATIONS, itemStoreContract } from '../contract/item-store.ts'
import { createTable } from '../support/create-table.ts'
import { type EmulatorName, emulatorClientConfig } from '../support/emulator-under-test.ts'
import { deviationsOf } from './emulator-deviations.ts'

const TABLE_NAME = 'item-store-contract'
const EVENTS_NAME = 'item-store-contract-events'

async function openOn(emulator: EmulatorName) {
  const client = new DynamoDBClient({ ...DYNAMO_CLIENT_SETTINGS, ...emulatorClientConfig(emulator) })
  const store = new DynamoItemStore({
    client,
    tableName: TABLE_NAME,
    eventsTableName: EVENTS_NAME,
    clock: new SystemClock(),
    random: new SystemRandom(),
  })
  return { store, close: async () => client.destroy() }
}

/** moto copies whole tables for each transaction, so every test gets an empty one: 90 s become 30. */
async function emptyTable(emulator: EmulatorName) {
  const client = new DynamoDBClient({ ...DYNAMO_CLIENT_SETTINGS, ...emulatorClientConfig(emulator) })
  try {
    const { TableNames = [] } = await client.send(new ListTablesCommand({}))
    for (const TableName of [TABLE_NAME, EVENTS_NAME]) {
      if (TableNames.includes(TableName)) await client.send(new DeleteTableCommand({ TableName }))
      await createTable(client, TableName)
    }
  } finally {
    client.destroy()
  }
}

describe.each<EmulatorName>(['moto', 'ministack'])('on %s', (emulator) => {
  beforeEach(() => emptyTable(emulator))
  itemStoreContract('DynamoItemStore', () => openOn(emulator), deviationsOf(emulator, ITEM_STORE_DEVIATIONS))

  describe('DynamoItemStore, over rows and events', () => {
    const row = connectionKey('acme', 'ac_1')
    const event = eventKey('acme', 'ac_1', 1)
    const due = { due_shard: outboxShard('ac_1'), due_at: 5 }
    const both: Write[] = [
      { op: 'put', key: row, attributes: { name: 'one' }, when: [{ kind: 'item-absent' }] },
      { op: 'put', key: event, attributes: { type: 'connection.created', ...due } },
    ]
    const inTable = async (TableName: string) => {
      const client = new DynamoDBClient({ ...DYNAMO_CLIENT_SETTINGS, ...emulatorClientConfig(emulator) })
      const { Items = [] } = await client.send(new ScanCommand({ TableName }))
      return Items.map(({ pk }) => pk?.S)
    }

    it('writes both or neither, each into its table, and finds what is due in the table of events', async () => {
      const { store, close } = await openOn(emulator)
      await store.transact(both)
      expect([await inTable(TABLE_NAME), await inTable(EVENTS_NAME)]).toEqual([
        [row.partition],
        [event.partition],
      ])
      const found = await store.queryDue({ shard: outboxShard('ac_1'), dueAtMostMs: 9, limit: 5 })
      expect(found.items).toEqual([{ key: event, dueAtMs: 5 }])
      const second = { ...both[1]!, key: eventKey('acme', 'ac_1', 2) } as Write
      await expect(store.transact([both[0]!, second])).rejects.toThrow(ConditionFailedError)
      expect(await store.get(second.key)).toBeUndefined()
      const page = await store.query({ partition: event.partition, limit: 5 })
      expect(page.items.map(({ key }) => key)).toEqual([event])
      await close()
    })
  })

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
