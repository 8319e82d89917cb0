import { MemoryItemStore } from '../../../../shared/adapters/memory/memory-item-store.ts'
import { SystemRandom } from '../../../../shared/adapters/system/system-random.ts'
import type { ItemStore } from '../../../../shared/ports/item-store.ts'
import { createConnection } from '../../../../shared/use-cases/connections/create-connection.ts'
import { PermittedItems } from '../../../../shared/use-cases/permits/permitted-items.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

describe('a tenant that may have two connections', () => {
  let items: ItemStore

  beforeEach(() => {
    items = new MemoryItemStore()
  })

  function create(options: { tenant?: string; key?: string; items?: ItemStore } = {}) {
    const digester = { digest: async (_use: string, text: { reveal(): string }) => text.reveal() }
    const ports = {
      items: options.items ?? items,
      digester,
      clock: new ManualClock(),
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

  it('is counted whole for a client that sees but some of it', async () => {
    await create()
    await create()
    const seen = new PermittedItems(items, { connections: new Set(), apps: new Set(['SENDGRID']) } as never)
    await expect(create({ items: seen })).rejects.toMatchObject(REFUSAL)
  })
})
