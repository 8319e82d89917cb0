import { createHandler } from '../../../functions/sweep/handler.ts'
import { MemoryItemStore } from '../../../shared/adapters/memory/memory-item-store.ts'
import { PrometheusMetrics } from '../../../shared/adapters/metrics/prometheus-metrics.ts'
import { connectionKey } from '../../../shared/domain/keys.ts'
import type { WorkItem } from '../../../shared/ports/work-queue.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const NOW_MS = Date.UTC(2030, 0, 1)

/** `due` connections of each tenant, all a minute late, and a sweep that may hand over 40 a minute. */
async function sweepOf(due: Readonly<Record<string, number>>, options: { depth: number }) {
  const items = new MemoryItemStore()
  for (const [tenant, count] of Object.entries(due)) {
    for (let i = 0; i < count; i++) {
      const key = connectionKey(tenant, `ac_${String(i).padStart(3, '0')}`)
      const attributes = { due_shard: `rotation#0${i % 8}`, due_at: NOW_MS - 60_000 }
      await items.transact([{ op: 'put', key, attributes }])
    }
  }
  const enqueued: WorkItem[] = []
  const metrics = new PrometheusMetrics()
  const unused = {} as never
  const handler = createHandler({
    items,
    secrets: unused,
    digester: unused,
    random: unused,
    clock: new ManualClock(NOW_MS),
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, access: () => {} },
    work: { enqueue: async (more) => void enqueued.push(...more) },
    metrics,
    rotationsPerMinute: 40,
    queueDepth: async () => options.depth,
  })
  const report = await handler()
  const of = (tenant: string) => enqueued.filter((item) => item.tenant === tenant).length
  return { report, of, total: enqueued.length }
}

describe('the handler of sweep', () => {
  it('hands over no more than a minute’s work', async () => {
    const { report, total } = await sweepOf({ acme: 100 }, { depth: 0 })
    expect(total).toBe(40)
    expect(report).toMatchObject({ enqueued: 40, oldestLateMs: 60_000, full: true })
  })

  it('counts what waits in the queue as work of this minute', async () => {
    expect((await sweepOf({ acme: 100 }, { depth: 30 })).total).toBe(10)
    expect((await sweepOf({ acme: 100 }, { depth: 40 })).total).toBe(0)
    expect((await sweepOf({ acme: 100 }, { depth: 400 })).total).toBe(0)
  })

  it('gives a tenant a quarter while others wait, and the rest when they do not need it', async () => {
    const crowded = await sweepOf({ flood: 100, b: 20, c: 20, d: 20 }, { depth: 0 })
    expect(['flood', 'b', 'c', 'd'].map(crowded.of)).toEqual([10, 10, 10, 10])
    const quiet = await sweepOf({ flood: 100, b: 5 }, { depth: 0 })
    expect([quiet.of('flood'), quiet.of('b')]).toEqual([35, 5])
  })
})
