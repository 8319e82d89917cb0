import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { jest } from '@jest/globals'
import { MemoryItemStore } from '../../../../shared/adapters/memory/memory-item-store.ts'
import { SqliteItemStore } from '../../../../shared/adapters/sqlite/sqlite-item-store.ts'
import { SystemRandom } from '../../../../shared/adapters/system/system-random.ts'
import { connectionCounterKeys, connectionsPartition } from '../../../../shared/domain/keys.ts'
import type { ItemStore } from '../../../../shared/ports/item-store.ts'
import { CONNECTION_COUNT_ROWS } from '../../../../shared/rows/count-rows.ts'
import {
  countOneBack,
  countOneMore,
  drawWithRoom,
  findRoom,
} from '../../../../shared/use-cases/connections/connection-cap.ts'
import { createConnection } from '../../../../shared/use-cases/connections/create-connection.ts'
import { PermittedItems } from '../../../../shared/use-cases/permits/permitted-items.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

describe('a tenant that may have two connections', () => {
  let items: ItemStore

  beforeEach(() => {
    items = new MemoryItemStore()
  })

  function create(options: { tenant?: string; key?: string; items?: ItemStore; nowMs?: number } = {}) {
    const digester = { digest: async (_use: string, text: { reveal(): string }) => text.reveal() }
    const ports = {
      items: options.items ?? items,
      digester,
      clock: options.nowMs === undefined ? new ManualClock() : new ManualClock(options.nowMs),
      random: new SystemRandom(),
    }
    const { key } = options
    return createConnection({ ...ports, maxConnections: 2 } as never, {
      tenant: options.tenant ?? 'acme',
      clientId: 'client',
      name: 'mail',
      appId: 'SENDGRID',
      ...(key === undefined ? {} : { idempotencyKey: key }),
    })
  }

  const REFUSAL = {
    code: 'conflict',
    message: 'There are 2 connections already. Delete some first.',
    detail: { errorCode: 'too_many_connections', allowed: 'at most 2 connections' },
  }

  it('is refused the third, with the figure, and nothing is stored; another tenant is not', async () => {
    await create()
    await create()
    const before = await items.scan({ limit: 100 })
    await expect(create()).rejects.toMatchObject(REFUSAL)
    expect(await items.scan({ limit: 100 })).toEqual(before)
    await expect(create({ tenant: 'other' })).resolves.toMatchObject({ replayed: false })
  })

  it('is answered again what it has made, by its Idempotency-Key', async () => {
    const first = await create({ key: 'once' })
    await create()
    await expect(create({ key: 'once' })).resolves.toEqual({ row: first.row, replayed: true })
    await expect(create({ key: 'twice' })).rejects.toMatchObject(REFUSAL)
  })

  it('is refused what a key makes anew that is remembered no more', async () => {
    const DAY_MS = 86_400_000
    await create({ key: 'once', nowMs: 1_800_000_000_000 })
    await create()
    const later = { key: 'once', nowMs: 1_800_000_000_000 + DAY_MS }
    await expect(create({ ...later, nowMs: later.nowMs - 1 })).resolves.toMatchObject({ replayed: true })
    await expect(create(later)).rejects.toMatchObject(REFUSAL)
  })

  it('is counted even where a key is let go between the look and the claim', async () => {
    await create({ key: 'once' })
    await create()
    const get: ItemStore['get'] = async (key, options) => {
      const found = await items.get(key, options)
      if (found?.['bodyDigest'] !== undefined) await items.transact([{ op: 'delete', key }])
      return found
    }
    const letting = { get, transact: items.transact.bind(items) } as unknown as ItemStore
    await expect(create({ key: 'once', items: letting })).rejects.toMatchObject(REFUSAL)
    expect((await items.query({ partition: connectionsPartition('acme'), limit: 9 })).items).toHaveLength(2)
  })

  it('is counted whole for a client that sees but some of it', async () => {
    await create()
    await create()
    const seen = new PermittedItems(items, { connections: new Set(), apps: new Set(['SENDGRID']) } as never)
    await expect(create({ items: seen })).rejects.toMatchObject(REFUSAL)
  })
})

describe('a cap on connections', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'flow-vault-cap-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  function creator(items: ItemStore, maxConnections: number) {
    const digester = { digest: async (_use: string, text: { reveal(): string }) => text.reveal() }
    const ports = { items, digester, clock: new ManualClock(), random: new SystemRandom(), maxConnections }
    return () =>
      createConnection(ports as never, { tenant: 'acme', clientId: 'c', name: 'mail', appId: 'SENDGRID' })
  }

  const countOf = async (items: ItemStore) =>
    (await items.query({ partition: connectionsPartition('acme'), limit: 500 })).items.length

  const opened: [string, () => { store: ItemStore; close(): Promise<void> }][] = [
    ['memory', () => ({ store: new MemoryItemStore(), close: async () => {} })],
    [
      'SQLite',
      () => {
        const store = SqliteItemStore.open({ path: path.join(folder, 'cap.db') })
        return { store, close: () => store.close() }
      },
    ],
  ]

  it.each(opened)('is held by 90 creates at one moment, in %s', async (_, open) => {
    const { store, close } = open()
    const create = creator(store, 21)
    const results = await Promise.allSettled(Array.from({ length: 90 }, create))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(21)
    expect(await countOf(store)).toBe(21)
    for (const result of results) {
      if (result.status === 'fulfilled') continue
      expect(result.reason).toMatchObject({ detail: { errorCode: 'too_many_connections' } })
    }
    await close()
  })

  it.each([1, 3, 8, 20])('of %i is filled to the last place', async (cap) => {
    const items = new MemoryItemStore()
    const create = creator(items, cap)
    for (let made = 0; made < cap; made++) await create()
    await expect(create()).rejects.toMatchObject({ code: 'conflict' })
    expect(await countOf(items)).toBe(cap)
  })

  it('counts what there was before it, however that lies, and is filled beside it', async () => {
    const items = new MemoryItemStore()
    // Nine of one counter, where the cap of sixteen gives each two.
    const totals = [9, 0, 1, 0, 0, 0, 0, 0]
    for (const [shard, key] of connectionCounterKeys('acme').entries()) {
      const attributes = CONNECTION_COUNT_ROWS.encode({ total: totals[shard]! })
      await items.transact([{ op: 'put', key, attributes }])
    }
    const results = await Promise.allSettled(Array.from({ length: 60 }, creator(items, 16)))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(6)
  })

  it('lets a connection back whose own counter has had its part, while others have room, and no more', async () => {
    const items = new MemoryItemStore()
    const cap = { items, maxConnections: 9 }
    const draw = () => `ac_${new SystemRandom().bytes(8).join('')}`
    const add = async () => {
      const room = await findRoom(cap, 'acme')
      const id = drawWithRoom(room, draw)
      await items.transact([countOneMore({ tenant: 'acme', id }, room)])
      return id
    }
    const first = await add()
    for (let made = 1; made < 8; made++) await add()
    const early = (await findRoom(cap, 'acme'))!
    // Eight of nine: the last place may lie in any counter.
    const back = () => items.transact(countOneBack({ tenant: 'acme', id: first }, early))
    await back()
    await expect(back()).rejects.toThrow('did not hold')
    await expect(findRoom(cap, 'acme')).rejects.toMatchObject({ code: 'conflict' })
  })

  it('asks nothing of the counters without a cap', async () => {
    const get = jest.fn()
    expect(await findRoom({ items: { get } as never }, 'acme')).toBeUndefined()
    expect(get).not.toHaveBeenCalled()
    expect(countOneMore({ tenant: 'acme', id: 'ac_1' }, undefined)).not.toHaveProperty('when')
  })
})
