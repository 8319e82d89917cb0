import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { MemoryItemStore } from '../../../../shared/adapters/memory/memory-item-store.ts'
import { addKey, createKeyFile, dropKey } from '../../../../shared/adapters/sealed/key-file.ts'
import { LocalKeyWrapper } from '../../../../shared/adapters/sealed/local-key-wrapper.ts'
import { SealedSecretStore } from '../../../../shared/adapters/sealed/sealed-secret-store.ts'
import { SqliteItemStore } from '../../../../shared/adapters/sqlite/sqlite-item-store.ts'
import { SystemRandom } from '../../../../shared/adapters/system/system-random.ts'
import { secretIdOf } from '../../../../shared/domain/secret-id.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import type { Attributes, ItemKey, ItemStore, Write } from '../../../../shared/ports/item-store.ts'
import {
  MAX_SECRET_BYTES,
  SealBrokenError,
  SecretNotFoundError,
} from '../../../../shared/ports/secret-store.ts'
import { freshSecretId, secretStoreContract } from '../../../contract/secret-store.ts'
import { makeKeyFolder } from '../../../support/key-folder.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { storeVersion } from '../../../support/store-version.ts'

const DAY_MS = 86_400_000

const random = new SystemRandom()
let folder: Awaited<ReturnType<typeof makeKeyFolder>>
let keyPath: string
let keys: LocalKeyWrapper
let items: MemoryItemStore
let clock: ManualClock
let store: SealedSecretStore

beforeEach(async () => {
  folder = await makeKeyFolder()
  keyPath = join(folder.path, 'keys.json')
  await createKeyFile(keyPath, random)
  keys = await LocalKeyWrapper.open(keyPath, random)
  items = new MemoryItemStore()
  clock = new ManualClock()
  store = new SealedSecretStore({ deployment: 'local', items, keys, clock, random })
})

afterEach(() => folder.remove())

secretStoreContract('SealedSecretStore over a key file and memory', async () => ({ secrets: store, items }))

const databases: SqliteItemStore[] = []

afterAll(() => Promise.all(databases.map((database) => database.close())))

secretStoreContract('SealedSecretStore over a key file and SQLite', async () => {
  const database = SqliteItemStore.open({ path: join(folder.path, 'vault.db') })
  databases.push(database)
  return {
    secrets: new SealedSecretStore({ deployment: 'local', items: database, keys, clock, random }),
    items: database,
  }
})

/** Stages and stores in the rows that all these stores share. */
function put(secrets: SealedSecretStore, secretId: string, versionId: string, value: SecretText) {
  return storeVersion({ secrets, items }, { secretId, versionId, value })
}

describe('SealedSecretStore', () => {
  it('stores neither the value nor the key that sealed it', async () => {
    const secretId = freshSecretId()
    await put(store, secretId, 'v1', new SecretText('planted-canary'))
    const stored = JSON.stringify((await items.scan({ limit: 10 })).items)
    expect(stored).not.toContain('planted-canary')
    expect(stored).not.toContain(Buffer.from('planted-canary').toString('base64').slice(0, 16))
    expect(Object.keys((await versionItem(secretId, 'v1')) ?? {}).sort()).toEqual([
      'ciphertext',
      'createdAtMs',
      'iv',
      'keyId',
      'v',
      'wrapped',
    ])
  })

  it('seals equal values differently each time', async () => {
    const secretId = freshSecretId()
    await put(store, secretId, 'v1', new SecretText('one'))
    await put(store, secretId, 'v2', new SecretText('one'))
    const [first, second] = [await versionItem(secretId, 'v1'), await versionItem(secretId, 'v2')]
    for (const member of ['iv', 'wrapped', 'ciphertext']) expect(first?.[member]).not.toBe(second?.[member])
  })

  it('wipes the data key after each use', async () => {
    const handedOut: Uint8Array[] = []
    const watched = {
      generateDataKey: async (context: Parameters<LocalKeyWrapper['generateDataKey']>[0]) => {
        const made = await keys.generateDataKey(context)
        handedOut.push(made.plaintext)
        return made
      },
      unwrap: async (...args: Parameters<LocalKeyWrapper['unwrap']>) => {
        const plaintext = await keys.unwrap(...args)
        handedOut.push(plaintext)
        return plaintext
      },
      rewrap: (...args: Parameters<LocalKeyWrapper['rewrap']>) => keys.rewrap(...args),
    }
    const watchedStore = new SealedSecretStore({ deployment: 'local', items, keys: watched, clock, random })
    const secretId = freshSecretId()
    const { writes } = await watchedStore.stage(secretId, 'v1', new SecretText('one'), { isNew: true })
    await items.transact(writes)
    await watchedStore.get(secretId, 'v1')
    expect(handedOut).toHaveLength(2)
    expect(handedOut.every((key) => key.every((byte) => byte === 0))).toBe(true)
  })

  it('reads one item for one get', async () => {
    const secretId = freshSecretId()
    await put(store, secretId, 'v1', new SecretText('one'))
    const calls = countCalls(items)
    const counted = new SealedSecretStore({ deployment: 'local', items: calls.items, keys, clock, random })
    await counted.get(secretId, 'v1')
    expect(calls.made).toEqual(['get'])
  })

  it.each([true, false])('asks the rows nothing to stage a version, new: %s', async (isNew) => {
    const calls = countCalls(items)
    const counted = new SealedSecretStore({ deployment: 'local', items: calls.items, keys, clock, random })
    const { writes } = await counted.stage(freshSecretId(), 'v1', new SecretText('one'), { isNew })
    expect(calls.made).toEqual([])
    expect(writes.map(({ op }) => op)).toEqual([isNew ? 'put' : 'check', 'put'])
  })

  it('keeps the instant a secret was created when versions are added', async () => {
    const secretId = freshSecretId()
    await put(store, secretId, 'v1', new SecretText('one'))
    const createdAtMs = clock.nowMs()
    await clock.advance(DAY_MS)
    await put(store, secretId, 'v2', new SecretText('two'))
    expect((await store.list({ limit: 10 })).items).toEqual([{ secretId, createdAtMs }])
  })

  it('lists every version with its age over all pages, for nothing else removes them', async () => {
    const secretId = freshSecretId()
    const createdAtMs = clock.nowMs()
    await put(store, secretId, 'v1', new SecretText('planted-canary'))
    await clock.advance(DAY_MS)
    await put(store, secretId, 'v2', new SecretText('planted-canary'))
    const versions = []
    let nextToken: string | undefined
    do {
      const page = await store.list({ limit: 1, ...(nextToken === undefined ? {} : { nextToken }) })
      versions.push(...(page.versions ?? []))
      nextToken = page.nextToken
    } while (nextToken !== undefined)
    expect(versions).toEqual([
      { secretId, versionId: 'v1', createdAtMs },
      { secretId, versionId: 'v2', createdAtMs: createdAtMs + DAY_MS },
    ])
  })

  it('lists when the deletion was asked for', async () => {
    const secretId = freshSecretId()
    await put(store, secretId, 'v1', new SecretText('one'))
    await clock.advance(DAY_MS)
    await store.scheduleDeletion(secretId)
    const [listed] = (await store.list({ limit: 10 })).items
    expect(listed?.deletedAtMs).toBe(clock.nowMs())
  })

  it('restores until the seventh day is over and not a moment later', async () => {
    const secretId = freshSecretId()
    await put(store, secretId, 'v1', new SecretText('one'))
    await store.scheduleDeletion(secretId)
    await clock.advance(7 * DAY_MS - 1)
    await store.restore(secretId)
    await store.scheduleDeletion(secretId)
    await clock.advance(7 * DAY_MS)
    await expect(store.restore(secretId)).rejects.toThrow(SecretNotFoundError)
  })

  it('destroys a discarded version', async () => {
    const secretId = freshSecretId()
    await put(store, secretId, 'v1', new SecretText('one'))
    await store.discard(secretId, 'v1')
    await expect(store.get(secretId, 'v1')).rejects.toThrow(SecretNotFoundError)
    expect(await versionItem(secretId, 'v1')).toBeUndefined()
  })

  it('purges large versions in transactions that touch 4 MB of items at most', async () => {
    const secretId = freshSecretId()
    const value = new SecretText('x'.repeat(MAX_SECRET_BYTES))
    await put(store, secretId, 'v-000', value)
    for (let n = 1; n < 60; n += 1) await put(store, secretId, `v-${String(n).padStart(3, '0')}`, value)
    const itemBytes = JSON.stringify(await versionItem(secretId, 'v-000')).length
    const touched: number[] = []
    const purging = bound(items, {
      transact: (writes) => {
        touched.push(writes.length * itemBytes)
        return items.transact(writes)
      },
    })
    await new SealedSecretStore({ deployment: 'local', items: purging, keys, clock, random }).purge(secretId)
    expect(Math.max(...touched)).toBeLessThanOrEqual(4 * 1024 * 1024)
    expect((await items.scan({ limit: 10 })).items).toEqual([])
  })

  it('purges more versions than fit into one transaction, and leaves no item', async () => {
    const secretId = freshSecretId()
    for (let n = 0; n < 120; n += 1) await put(store, secretId, `v${n}`, new SecretText('x'))
    await store.purge(secretId)
    expect((await items.scan({ limit: 500 })).items).toEqual([])
  })

  it('shows a half-purged secret until a repeat has finished', async () => {
    const secretId = freshSecretId()
    await put(store, secretId, 'v1', new SecretText('one'))
    const failing = crashingAt(items, ({ op, key }) => op === 'delete' && key.sort === 'meta')
    const crashed = new SealedSecretStore({ deployment: 'local', items: failing, keys, clock, random })
    await expect(crashed.purge(secretId)).rejects.toThrow('crash')
    expect((await store.list({ limit: 10 })).items).toHaveLength(1)
    await store.purge(secretId)
    expect((await items.scan({ limit: 10 })).items).toEqual([])
  })
})

describe('SealedSecretStore, when one version takes the place of another', () => {
  it.each([true, false])(
    'destroys the one in the transaction that stores the other when it is to: %s',
    async (discardsAtOnce) => {
      store = new SealedSecretStore({ deployment: 'local', items, keys, clock, random, discardsAtOnce })
      const secretId = freshSecretId()
      await put(store, secretId, 'v1', new SecretText('one'))
      const { writes } = await store.stage(secretId, 'v2', new SecretText('two'))
      await items.transact([...writes, ...store.discarding(secretId, 'v1')])
      expect((await store.get(secretId, 'v2')).reveal()).toBe('two')
      expect((await versionItem(secretId, 'v1')) === undefined).toBe(discardsAtOnce)
    },
  )
})

describe('SealedSecretStore, when ciphertext is moved or damaged', () => {
  const one = secretIdOf({ deployment: 'local', kind: 's', tenant: 't1', ownerId: 'ac_1', generation: 1 })

  it.each([
    [
      'another tenant',
      secretIdOf({ deployment: 'local', kind: 's', tenant: 't2', ownerId: 'ac_1', generation: 1 }),
      'v1',
    ],
    [
      'another connection',
      secretIdOf({ deployment: 'local', kind: 's', tenant: 't1', ownerId: 'ac_2', generation: 1 }),
      'v1',
    ],
    [
      'another generation',
      secretIdOf({ deployment: 'local', kind: 's', tenant: 't1', ownerId: 'ac_1', generation: 2 }),
      'v1',
    ],
    ['another version', one, 'v2'],
  ])('refuses a whole item moved to %s', async (_, secretId, versionId) => {
    await put(store, one, 'v1', new SecretText('mine'))
    await put(store, secretId, versionId, new SecretText('theirs'))
    await overwrite(secretId, versionId, (await versionItem(one, 'v1'))!)
    await expect(store.get(secretId, versionId)).rejects.toThrow(SealBrokenError)
  })

  it('refuses a ciphertext moved under another data key', async () => {
    await put(store, one, 'v1', new SecretText('mine'))
    await put(store, one, 'v2', new SecretText('theirs'))
    const { iv, ciphertext } = (await versionItem(one, 'v1'))!
    await overwrite(one, 'v2', { ...(await versionItem(one, 'v2'))!, iv, ciphertext })
    await expect(store.get(one, 'v2')).rejects.toThrow(SealBrokenError)
  })

  it('refuses a moved item even where the key wrapper binds nothing', async () => {
    const dataKey = Buffer.alloc(32, 7)
    const unbound = {
      generateDataKey: async () => ({
        plaintext: Buffer.from(dataKey),
        key: { keyId: 'k', wrapped: 'AA==' },
      }),
      unwrap: async () => Buffer.from(dataKey),
      rewrap: async (key: { keyId: string; wrapped: string }) => key,
    }
    const careless = new SealedSecretStore({ deployment: 'local', items, keys: unbound, clock, random })
    const others = [
      secretIdOf({ deployment: 'local', kind: 's', tenant: 't2', ownerId: 'ac_1', generation: 1 }),
      secretIdOf({ deployment: 'local', kind: 's', tenant: 't1', ownerId: 'ac_2', generation: 1 }),
      secretIdOf({ deployment: 'local', kind: 's', tenant: 't1', ownerId: 'ac_1', generation: 2 }),
    ]
    await put(careless, one, 'v1', new SecretText('mine'))
    const moved = (await versionItem(one, 'v1'))!
    for (const other of others) {
      await overwrite(other, 'v1', moved)
      await expect(careless.get(other, 'v1')).rejects.toThrow(SealBrokenError)
    }
    await overwrite(one, 'v2', moved)
    await expect(careless.get(one, 'v2')).rejects.toThrow(SealBrokenError)
    expect((await careless.get(one, 'v1')).reveal()).toBe('mine')
  })

  it.each(['iv', 'ciphertext'])(
    'refuses a changed or missing %s, and says nothing of the value',
    async (member) => {
      await put(store, one, 'v1', new SecretText('planted-canary'))
      const item = (await versionItem(one, 'v1'))!
      const bytes = Buffer.from(String(item[member]), 'base64')
      bytes[0] = bytes[0]! ^ 1
      for (const broken of [bytes.toString('base64'), '', undefined]) {
        await overwrite(one, 'v1', { ...item, [member]: broken })
        const error = await store.get(one, 'v1').catch((thrown: unknown) => thrown)
        expect(error).toBeInstanceOf(SealBrokenError)
        expect(String(error)).not.toContain('canary')
      }
    },
  )

  it('refuses a shortened authentication tag', async () => {
    await put(store, one, 'v1', new SecretText('mine'))
    const item = (await versionItem(one, 'v1'))!
    const cut = Buffer.from(String(item['ciphertext']), 'base64').subarray(0, -12).toString('base64')
    await overwrite(one, 'v1', { ...item, ciphertext: cut })
    await expect(store.get(one, 'v1')).rejects.toThrow(SealBrokenError)
  })
})

describe('SealedSecretStore.rewrapAll', () => {
  it('moves every version to the active key, ciphertext untouched, so that the old key can go', async () => {
    const secretIds = [freshSecretId(), freshSecretId('t2'), freshSecretId()]
    for (const secretId of secretIds) await put(store, secretId, 'v1', new SecretText(secretId))
    await put(store, secretIds[0]!, 'v2', new SecretText('second'))
    const before = (await versionItem(secretIds[0]!, 'v2'))!
    const oldKey = String(before['keyId'])
    await addKey(keyPath, random)

    expect(await rewrapEverything(3)).toEqual({ rewrapped: 4, current: 0, contended: 0, failed: [] })
    expect(await rewrapEverything(3)).toEqual({ rewrapped: 0, current: 4, contended: 0, failed: [] })
    await dropKey(keyPath, oldKey)
    const restarted = new SealedSecretStore({
      deployment: 'local',
      items,
      keys: await LocalKeyWrapper.open(keyPath, random),
      clock,
      random,
    })
    for (const secretId of secretIds) expect((await restarted.get(secretId, 'v1')).reveal()).toBe(secretId)
    expect((await restarted.get(secretIds[0]!, 'v2')).reveal()).toBe('second')
    const after = (await versionItem(secretIds[0]!, 'v2'))!
    expect([after['iv'], after['ciphertext'], after['createdAtMs']]).toEqual([
      before['iv'],
      before['ciphertext'],
      before['createdAtMs'],
    ])
  })

  it('goes on past a version whose key is gone, and names it', async () => {
    const [lost, kept] = [freshSecretId(), freshSecretId()]
    await put(store, lost, 'v1', new SecretText('lost'))
    const lostKey = String((await versionItem(lost, 'v1'))!['keyId'])
    await addKey(keyPath, random)
    await dropKey(keyPath, lostKey)
    await keys.reload()
    await put(store, kept, 'v1', new SecretText('kept'))
    await addKey(keyPath, random)
    const pass = await rewrapEverything(10)
    expect(pass).toMatchObject({ rewrapped: 1, current: 0, contended: 0 })
    expect(pass.failed).toEqual([{ partition: `SECRET#${lost}`, sort: 'v#v1' }])
  })

  it('leaves alone a version that was rewrapped by another pass in between', async () => {
    const secretId = freshSecretId()
    await put(store, secretId, 'v1', new SecretText('one'))
    await addKey(keyPath, random)
    const racing: ItemStore = bound(items, {
      get: async (key: ItemKey) => {
        const seen = await items.get(key)
        await store.rewrapVersion(secretId, 'v1')
        return seen
      },
    })
    const slow = new SealedSecretStore({ deployment: 'local', items: racing, keys, clock, random })
    expect(await slow.rewrapVersion(secretId, 'v1')).toBe('contended')
    expect(await store.rewrapVersion(secretId, 'v1')).toBe('current')
    expect((await store.get(secretId, 'v1')).reveal()).toBe('one')
  })

  it('does not bring back a version that was discarded in between', async () => {
    const secretId = freshSecretId()
    await put(store, secretId, 'v1', new SecretText('one'))
    await addKey(keyPath, random)
    const racing: ItemStore = bound(items, {
      get: async (key: ItemKey) => {
        const seen = await items.get(key)
        await store.discard(secretId, 'v1')
        return seen
      },
    })
    const slow = new SealedSecretStore({ deployment: 'local', items: racing, keys, clock, random })
    expect(await slow.rewrapVersion(secretId, 'v1')).toBe('contended')
    expect(await versionItem(secretId, 'v1')).toBeUndefined()
  })

  it('throws SecretNotFoundError for a version that is not there', async () => {
    await expect(store.rewrapVersion(freshSecretId(), randomUUID())).rejects.toThrow(SecretNotFoundError)
  })
})

async function rewrapEverything(limit: number) {
  const total = { rewrapped: 0, current: 0, contended: 0, failed: [] as ItemKey[] }
  let nextToken: string | undefined
  do {
    const page = await store.rewrapAll(nextToken === undefined ? { limit } : { limit, nextToken })
    total.rewrapped += page.rewrapped
    total.current += page.current
    total.contended += page.contended
    total.failed.push(...page.failed)
    nextToken = page.nextToken
  } while (nextToken !== undefined)
  return total
}

function versionItem(secretId: string, versionId: string): Promise<Attributes | undefined> {
  return items.get({ partition: `SECRET#${secretId}`, sort: `v#${versionId}` })
}

async function overwrite(secretId: string, versionId: string, attributes: Attributes): Promise<void> {
  await items.transact([
    { op: 'put', key: { partition: `SECRET#${secretId}`, sort: `v#${versionId}` }, attributes },
  ])
}

/** The same store with some calls replaced. */
function bound(target: ItemStore, replaced: Partial<ItemStore>): ItemStore {
  return {
    get: (...args) => target.get(...args),
    transact: (...args) => target.transact(...args),
    query: (...args) => target.query(...args),
    queryDue: (...args) => target.queryDue(...args),
    scan: (...args) => target.scan(...args),
    ...replaced,
  }
}

function crashingAt(target: ItemStore, crashes: (write: Write) => boolean): ItemStore {
  return bound(target, {
    transact: async (writes) => {
      if (writes.some(crashes)) throw new Error('crash')
      await target.transact(writes)
    },
  })
}

function countCalls(target: ItemStore): { items: ItemStore; made: string[] } {
  const made: string[] = []
  const counting = (name: string) => {
    made.push(name)
    return target
  }
  return {
    made,
    items: {
      get: (...args) => counting('get').get(...args),
      transact: (...args) => counting('transact').transact(...args),
      query: (...args) => counting('query').query(...args),
      queryDue: (...args) => counting('queryDue').queryDue(...args),
      scan: (...args) => counting('scan').scan(...args),
    },
  }
}
