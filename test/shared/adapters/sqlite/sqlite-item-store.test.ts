import { copyFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { MemoryItemStore } from '../../../../shared/adapters/memory/memory-item-store.ts'
import { readDatabaseMark } from '../../../../shared/adapters/sqlite/database-mark.ts'
import { SqliteItemStore } from '../../../../shared/adapters/sqlite/sqlite-item-store.ts'
import {
  type Condition,
  ConditionFailedError,
  type ItemStore,
  type Write,
} from '../../../../shared/ports/item-store.ts'
import { itemStoreContract } from '../../../contract/item-store.ts'

const directory = mkdtempSync(join(tmpdir(), 'sqlite-item-store-'))
let files = 0
const newPath = () => join(directory, `vault-${++files}.db`)

afterAll(() => rmSync(directory, { recursive: true }))

itemStoreContract('SqliteItemStore', async () => {
  const store = SqliteItemStore.open({ path: newPath() })
  return { store, close: () => store.close() }
})

const key = (sort: string) => ({ partition: 'p', sort })
const put = (sort: string, attributes = {}, when: Condition[] = []): Write => ({
  op: 'put',
  key: key(sort),
  attributes,
  when,
})
const ABSENT: Condition[] = [{ kind: 'item-absent' }]

async function sortsOf(store: ItemStore): Promise<string[]> {
  const { items } = await store.query({ partition: 'p', limit: 1000 })
  return items.map((item) => item.key.sort)
}

describe('SqliteItemStore on its file', () => {
  it('finds after reopening what was written, with both indexes', async () => {
    const path = newPath()
    const first = SqliteItemStore.open({ path })
    await first.transact([put('a', { due_shard: 's', due_at: 5, expires_at_s: 9, nested: { ü: ['😀'] } })])
    await first.close()
    const second = SqliteItemStore.open({ path })
    expect(await second.get(key('a'))).toEqual({
      due_shard: 's',
      due_at: 5,
      expires_at_s: 9,
      nested: { ü: ['😀'] },
    })
    expect((await second.queryDue({ shard: 's', dueAtMostMs: 5, limit: 1 })).items).toHaveLength(1)
    expect(await second.removeExpired(9001, 10)).toBe(1)
    await second.close()
  })

  it('has a write in the files before its promise resolves', async () => {
    const path = newPath()
    const store = SqliteItemStore.open({ path })
    await store.transact([put('a', { n: 1 })])
    // A connection of its own sees what is in the files, as the next process would after a crash.
    const database = new DatabaseSync(path, { readOnly: true })
    expect(database.prepare('SELECT sort FROM items').all()).toHaveLength(1)
    database.close()
    await store.close()
  })

  it('is readable by its owner only, side files and backups too', async () => {
    const path = newPath()
    const store = SqliteItemStore.open({ path })
    await store.transact([put('a')])
    await store.backupTo(`${path}.backup`)
    for (const file of [path, `${path}-wal`, `${path}-shm`, `${path}.backup`]) {
      expect(statSync(file).mode & 0o777).toBe(0o600)
    }
    await store.close()
  })

  it('leaves one file behind when it closes, and may be closed again', async () => {
    const path = newPath()
    const store = SqliteItemStore.open({ path })
    await store.transact([put('a')])
    await store.close()
    await store.close()
    expect(() => statSync(`${path}-wal`)).toThrow('ENOENT')
    await expect(store.get(key('a'))).rejects.toMatchObject({ outcome: 'not-applied' })
    await expect(store.transact([put('b')])).rejects.toMatchObject({ outcome: 'not-applied' })
  })

  it('leaves the log of a server that was killed, without which its database is not whole', async () => {
    const path = newPath()
    const server = SqliteItemStore.open({ path })
    server.beginUse({ vault: 'v', openedBefore: 0 })
    await server.transact([put('a')])
    // What a kill leaves behind is what is in the files at that moment.
    const killed = newPath()
    for (const suffix of ['', '-wal']) copyFileSync(`${path}${suffix}`, `${killed}${suffix}`)
    await server.close()
    const command = SqliteItemStore.open({ path: killed })
    expect(await sortsOf(command)).toEqual(['a'])
    await command.close()
    expect(statSync(`${killed}-wal`).isFile()).toBe(true)
    expect(readDatabaseMark(killed)).toMatchObject({ vault: 'v', isInUse: true })
    const next = SqliteItemStore.open({ path: killed })
    next.beginUse({ vault: 'v', openedBefore: 1 })
    await next.close()
    expect(() => statSync(`${killed}-wal`)).toThrow('ENOENT')
    expect(readDatabaseMark(killed)).toMatchObject({ isInUse: false })
  })

  it('commits what was asked for before it closed', async () => {
    const path = newPath()
    const store = SqliteItemStore.open({ path })
    const written = store.transact([put('a')])
    await store.close()
    await written
    const again = SqliteItemStore.open({ path })
    expect(await sortsOf(again)).toEqual(['a'])
    await again.close()
  })

  it('refuses a file that is no database, and a directory that is absent', () => {
    const path = newPath()
    writeFileSync(path, 'this is not a database, though it is long enough to be looked at as one'.repeat(20))
    const unavailable = { name: 'StoreUnavailableError', outcome: 'not-applied' }
    expect(() => SqliteItemStore.open({ path })).toThrow(expect.objectContaining(unavailable))
    const absent = join(directory, 'absent', 'vault.db')
    expect(() => SqliteItemStore.open({ path: absent })).toThrow(expect.objectContaining(unavailable))
  })

  it('removes expired items, the oldest first, and no others', async () => {
    const store = SqliteItemStore.open({ path: newPath() })
    await store.transact([
      put('later', { expires_at_s: 30 }),
      put('second', { expires_at_s: 20 }),
      put('first', { expires_at_s: 10 }),
      put('never'),
      put('kept', { expires_at_s: 15 }),
    ])
    await store.transact([put('kept', { expires_at_s: 99 })])
    expect(await store.removeExpired(10_000, 10)).toBe(0)
    expect(await store.removeExpired(20_001, 1)).toBe(1)
    expect(await store.get(key('first'))).toBeUndefined()
    expect(await store.removeExpired(20_001, 10)).toBe(1)
    expect(await sortsOf(store)).toEqual(['kept', 'later', 'never'])
    await store.close()
  })

  it('backs up one moment, while it goes on writing', async () => {
    const path = newPath()
    const store = SqliteItemStore.open({ path })
    await store.transact([put('left', { n: 0 }), put('right', { n: 0 })])
    const backedUp = store.backupTo(`${path}.backup`)
    for (let n = 1; n <= 50; n++) await store.transact([put('left', { n }), put('right', { n })])
    await backedUp
    await expect(store.backupTo(`${path}.backup`)).rejects.toThrow('EEXIST')
    await store.close()
    const copy = SqliteItemStore.open({ path: `${path}.backup` })
    expect(await copy.checkIntegrity()).toEqual([])
    expect(await copy.get(key('left'))).toEqual(await copy.get(key('right')))
    expect(await sortsOf(copy)).toEqual(['left', 'right'])
    await copy.close()
  })

  it('finds a damaged file unsound', async () => {
    const path = newPath()
    const store = SqliteItemStore.open({ path })
    await store.transact([put('a')])
    expect(await store.checkIntegrity()).toEqual([])
    await store.close()
    const database = new DatabaseSync(path, { defensive: false })
    // Takes the index away from under its entries, as a lost page would.
    database.exec(`PRAGMA writable_schema = ON;
      UPDATE sqlite_schema SET sql = replace(sql, 'due_shard IS NOT NULL', 'due_shard IS NULL') WHERE name = 'items_due'`)
    database.close()
    const damaged = SqliteItemStore.open({ path })
    expect(await damaged.checkIntegrity()).not.toEqual([])
    await damaged.close()
  })
})

describe('SqliteItemStore.transact in groups', () => {
  it('commits the others when the conditions of one fail', async () => {
    const store = SqliteItemStore.open({ path: newPath() })
    const results = await Promise.allSettled([
      store.transact([put('a', { by: 0 }, ABSENT)]),
      store.transact([put('x'), put('a', { by: 1 }, ABSENT)]),
      store.transact([put('b', {}, ABSENT)]),
      store.transact([{ op: 'update', key: key('a'), add: { by: 'text' as never } }]),
      store.transact([
        { op: 'update', key: key('a'), set: { seen: true }, when: [{ kind: 'item-present' }] },
      ]),
    ])
    expect(results.map((result) => result.status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ])
    const refused = results[1] as PromiseRejectedResult
    expect(refused.reason).toBeInstanceOf(ConditionFailedError)
    expect(refused.reason).toMatchObject({ writeIndex: 1, current: { by: 0 } })
    expect(await sortsOf(store)).toEqual(['a', 'b'])
    expect(await store.get(key('a'))).toEqual({ by: 0, seen: true })
    await store.close()
  })

  it('shows no reader a write whose promise is pending, and every reader one that resolved', async () => {
    const path = newPath()
    const store = SqliteItemStore.open({ path })
    const other = SqliteItemStore.open({ path })
    const written = store.transact([put('a'), put('b')])
    expect(await store.get(key('a'))).toBeUndefined()
    expect(await sortsOf(other)).toEqual([])
    await written
    expect(await sortsOf(store)).toEqual(['a', 'b'])
    expect(await sortsOf(other)).toEqual(['a', 'b'])
    await store.close()
    await other.close()
  })

  it('shares commits: 500 writers of one turn advance the file by far fewer than 500', async () => {
    const path = newPath()
    const store = SqliteItemStore.open({ path })
    await Promise.all(Array.from({ length: 500 }, (_, index) => store.transact([put(`item-${index}`)])))
    // Each commit appends at least its changed pages, 4 KiB each, to the log: 500 of them would be 2 MB and more.
    expect(statSync(`${path}-wal`).size).toBeLessThan(500 * 1024)
    expect(await sortsOf(store)).toHaveLength(500)
    await store.close()
  })
})

describe('two SqliteItemStores on one file', () => {
  it('let one of them win, and lose no addition', async () => {
    const path = newPath()
    const stores = [SqliteItemStore.open({ path }), SqliteItemStore.open({ path })]
    const wins = await Promise.allSettled(
      Array.from({ length: 50 }, (_, racer) => stores[racer % 2]!.transact([put('a', { racer }, ABSENT)])),
    )
    expect(wins.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
    const additions = Array.from({ length: 100 }, (_, index) =>
      stores[index % 2]!.transact([{ op: 'update', key: key('count'), add: { n: 1 } }]),
    )
    await Promise.all(additions)
    for (const store of stores) expect(await store.get(key('count'))).toEqual({ n: 100 })
    for (const store of stores) await store.close()
  })

  it('wait for a lock that another connection holds, and give up after the tries allowed', async () => {
    const path = newPath()
    const store = SqliteItemStore.open({ path })
    const impatient = SqliteItemStore.open({ path, maxBusyTries: 2 })
    const holder = new DatabaseSync(path)
    holder.exec('BEGIN IMMEDIATE')
    const waiting = store.transact([put('waited')])
    await expect(impatient.transact([put('gave up')])).rejects.toMatchObject({
      name: 'StoreUnavailableError',
      outcome: 'not-applied',
    })
    expect(await store.get(key('waited'))).toBeUndefined()
    holder.exec('COMMIT')
    await waiting
    await impatient.transact([put('came again')])
    expect(await sortsOf(store)).toEqual(['came again', 'waited'])
    for (const open of [store, impatient, holder]) await open.close()
  })
})

describe('SqliteItemStore beside MemoryItemStore', () => {
  const sort = fc.constantFrom('a', 'b', 'c')
  const condition: fc.Arbitrary<Condition> = fc.oneof(
    fc.constantFrom<Condition>(
      { kind: 'item-absent' },
      { kind: 'item-present' },
      { kind: 'absent', attribute: 'n' },
    ),
    fc.integer({ min: 0, max: 2 }).map((value): Condition => ({ kind: 'equals', attribute: 'n', value })),
    fc
      .integer({ min: 0, max: 2 })
      .map((value): Condition => ({ kind: 'absent-or-at-most', attribute: 'o.n', value })),
  )
  const when = fc.array(condition, { maxLength: 1 })
  const attributes = fc.record(
    {
      n: fc.integer({ min: 0, max: 2 }),
      o: fc.record({ n: fc.integer({ min: 0, max: 3 }) }, { requiredKeys: [] }),
      due: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
    },
    { requiredKeys: [] },
  )
  const indexed = attributes.map(({ due, ...rest }) =>
    due === undefined ? rest : { ...rest, due_shard: 's', due_at: due },
  )
  const write: fc.Arbitrary<Write> = fc.oneof(
    fc.tuple(sort, indexed, when).map(([sort, attributes, when]): Write => put(sort, attributes, when)),
    fc
      .tuple(sort, indexed, when)
      .map(([sort, set, when]): Write => ({ op: 'update', key: key(sort), set, add: { m: 1 }, when })),
    fc.tuple(sort, when).map(([sort, when]): Write => ({ op: 'delete', key: key(sort), when })),
  )
  const history = fc.array(
    fc.uniqueArray(write, { minLength: 1, maxLength: 3, selector: ({ key }) => key.sort }),
    { minLength: 1, maxLength: 25 },
  )

  it('gives the same answers after any history', async () => {
    const sqlite = SqliteItemStore.open({ path: newPath() })
    const stores: [ItemStore, ItemStore] = [new MemoryItemStore(), sqlite]
    const apply = (store: ItemStore, writes: Write[]) =>
      store.transact(writes).then(
        () => 'applied',
        (error) => ({ ...error, message: error.message }),
      )
    const everything = async (store: ItemStore) => [
      await store.query({ partition: 'p', limit: 9 }),
      await store.scan({ limit: 9 }),
      await store.queryDue({ shard: 's', dueAtMostMs: 3, limit: 9 }),
    ]
    await fc.assert(
      fc.asyncProperty(history, async (transactions) => {
        for (const writes of transactions) {
          const [expected, actual] = await Promise.all(stores.map((store) => apply(store, writes)))
          expect(actual).toEqual(expected)
        }
        expect(await everything(stores[1])).toEqual(await everything(stores[0]))
      }),
      { numRuns: 60 },
    )
    await sqlite.close()
  })
})
