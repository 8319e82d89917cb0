import { MemoryItemStore } from '../../../../shared/adapters/memory/memory-item-store.ts'
import { connectionKey } from '../../../../shared/domain/keys.ts'
import type { DueQuery } from '../../../../shared/ports/item-store.ts'
import type { WorkItem } from '../../../../shared/ports/work-queue.ts'
import {
  type SweepLimits,
  type SweepPorts,
  sweepDue,
} from '../../../../shared/use-cases/rotation/sweep-due.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const NOW_MS = Date.UTC(2030, 0, 1)

/** Connections by when they are due, in ms from now; each goes to the shard that is named. */
interface Due {
  readonly tenant: string
  readonly id: string
  readonly inMs: number
  readonly shard: number
}

async function sweep(due: readonly Due[], limits: SweepLimits) {
  const items = new MemoryItemStore()
  for (const { tenant, id, inMs, shard } of due) {
    const index = { due_shard: `rotation#${String(shard).padStart(2, '0')}`, due_at: NOW_MS + inMs }
    await items.transact([{ op: 'put', key: connectionKey(tenant, id), attributes: index }])
  }
  const enqueued: WorkItem[] = []
  const batches: number[] = []
  let read = 0
  const reading = {
    queryDue: async (query: DueQuery) => {
      const page = await items.queryDue(query)
      read += page.items.length
      return page
    },
  }
  const ports = {
    items: reading,
    clock: new ManualClock(NOW_MS),
    work: {
      enqueue: async (more: readonly WorkItem[]) => {
        batches.push(more.length)
        enqueued.push(...more)
      },
    },
  } as unknown as SweepPorts
  const report = await sweepDue(ports, limits)
  return { report, ids: enqueued.map(({ id }) => id), batches, read }
}

const range = (count: number) => Array.from({ length: count }, (_, i) => i)

describe('sweepDue', () => {
  it('takes what is due in every shard, and nothing that is not', async () => {
    const due = range(32).flatMap((shard): Due[] => [
      { tenant: 't', id: `due-${shard}`, inMs: 0, shard },
      { tenant: 't', id: `later-${shard}`, inMs: 1, shard },
    ])
    const { ids, report } = await sweep(due, { capacity: 1000, perTenant: 1000 })
    expect(new Set(ids)).toEqual(new Set(range(32).map((shard) => `due-${shard}`)))
    expect(report).toEqual({ enqueued: 32, oldestLateMs: 0, full: false })
  })

  it('takes the nearest first, wherever they are, and no more than there is capacity for', async () => {
    // The nearest of all lie behind one another in one shard, deeper than its first page.
    const near = range(300).map(
      (i): Due => ({ tenant: `n${i}`, id: `near-${i}`, inMs: -600_000 + i, shard: 7 }),
    )
    const far = range(31).flatMap((shard) =>
      range(5).map(
        (i): Due => ({ tenant: `f${shard}`, id: `far-${shard}-${i}`, inMs: -1000 + i, shard: shard % 7 }),
      ),
    )
    const { ids, report } = await sweep([...far, ...near], { capacity: 200, perTenant: 50 })
    expect(ids).toEqual(range(200).map((i) => `near-${i}`))
    expect(report).toEqual({ enqueued: 200, oldestLateMs: 600_000, full: true })
  })

  it('keeps to the capacity however many tenants wait', async () => {
    const due = range(50).flatMap((tenant) =>
      range(10).map((i): Due => ({ tenant: `t${tenant}`, id: `c-${tenant}-${i}`, inMs: -i, shard: i })),
    )
    const { ids } = await sweep(due, { capacity: 40, perTenant: 10 })
    expect(ids).toHaveLength(40)
  })

  it('lets no tenant take more than its share while another waits behind its backlog', async () => {
    const flood = range(3000).map(
      (i): Due => ({ tenant: 'flood', id: `f-${i}`, inMs: -900_000 + i, shard: i % 32 }),
    )
    const small = range(30).map((i): Due => ({ tenant: 'small', id: `s-${i}`, inMs: -i, shard: 3 }))
    const { ids } = await sweep([...flood, ...small], { capacity: 40, perTenant: 10 })
    expect(ids.filter((id) => id.startsWith('s-'))).toHaveLength(10)
    // What the small one leaves is the flood's again, nearest first.
    expect(ids.filter((id) => id.startsWith('f-'))).toHaveLength(30)
    expect(ids[0]).toBe('f-0')
  })

  it('reads little more than it takes when much more is due', async () => {
    const due = range(20_000).map(
      (i): Due => ({ tenant: `t${i % 100}`, id: `c-${i}`, inMs: -i, shard: i % 32 }),
    )
    const { ids, read } = await sweep(due, { capacity: 320, perTenant: 100 })
    expect(ids).toHaveLength(320)
    expect(read).toBeLessThanOrEqual(32 * 100)
  })

  it('hands over in batches', async () => {
    const due = range(250).map((i): Due => ({ tenant: 't', id: `c-${i}`, inMs: -i, shard: i % 32 }))
    const { batches } = await sweep(due, { capacity: 1000, perTenant: 1000 })
    expect(batches).toEqual([100, 100, 50])
  })

  it('does nothing without capacity, and still tells how late the oldest is', async () => {
    const due: Due[] = [{ tenant: 't', id: 'c', inMs: -90_000, shard: 0 }]
    const { ids, report } = await sweep(due, { capacity: 0, perTenant: 0 })
    expect(ids).toEqual([])
    expect(report).toEqual({ enqueued: 0, oldestLateMs: 90_000, full: true })
  })
})
