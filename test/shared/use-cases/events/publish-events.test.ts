import { MemoryItemStore } from '../../../../shared/adapters/memory/memory-item-store.ts'
import { eventKey, feedPartition, outboxShards } from '../../../../shared/domain/keys.ts'
import type { EventOutlet, FeedEntry } from '../../../../shared/ports/event-outlet.ts'
import { publishDue } from '../../../../shared/use-cases/events/publish-due.ts'
import { publishEvents } from '../../../../shared/use-cases/events/publish-events.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { NoMetrics } from '../../../support/no-metrics.ts'
import { commitEvent } from '../../../support/outbox.ts'

const NONE: EventOutlet = { isNeeded: async () => false, take: async () => undefined }

function world(outlet: EventOutlet = NONE) {
  const items = new MemoryItemStore()
  const clock = new ManualClock()
  const lines: string[] = []
  const note = (message: string) => lines.push(message)
  const log = { debug: note, info: note, warn: note, error: note, access: () => undefined }
  const ports = { items, clock, log, metrics: new NoMetrics(), outlet }
  return {
    items,
    clock,
    lines,
    ports,
    commit: (connection: string, sequence: number, tenant = 'acme') =>
      commitEvent(items, { tenant, connection, sequence, nowMs: clock.nowMs() }),
    publish: async () => {
      let total = 0
      for (let round = await publishDue(ports); round > 0; round = await publishDue(ports)) total += round
      return total
    },
    feed: async (tenant = 'acme') => {
      const page = await items.query({ partition: feedPartition(tenant), limit: 1_000 })
      return page.items.map(({ key, attributes }) => [Number(key.sort), attributes['id']])
    },
    waiting: async () => {
      const pages = await Promise.all(
        outboxShards().map((shard) =>
          items.queryDue({ shard, dueAtMostMs: Number.MAX_SAFE_INTEGER, limit: 99 }),
        ),
      )
      return pages.reduce((total, page) => total + page.items.length, 0)
    },
  }
}

describe('publishDue', () => {
  it('numbers each tenant’s events without a gap, and takes them out of the outbox', async () => {
    const { commit, publish, feed, waiting, clock } = world()
    await commit('ac_a', 1)
    await clock.advance(1)
    await commit('ac_b', 1)
    await commit('ac_z', 1, 'other')
    expect(await publish()).toBe(3)
    await clock.advance(1)
    await commit('ac_a', 2)
    expect(await publish()).toBe(1)
    expect(await feed()).toEqual([
      [1, 'ac_a-1'],
      [2, 'ac_b-1'],
      [3, 'ac_a-2'],
    ])
    expect(await feed('other')).toEqual([[1, 'ac_z-1']])
    expect(await waiting()).toBe(0)
    expect(await publish()).toBe(0)
  })

  it('works off a backlog of any length in order', async () => {
    const { commit, publish, feed, clock } = world()
    for (let sequence = 1; sequence <= 230; sequence++) {
      await commit('ac_a', sequence)
      await clock.advance(1)
    }
    expect(await publish()).toBe(230)
    expect(await feed()).toEqual(Array.from({ length: 230 }, (_, at) => [at + 1, `ac_a-${at + 1}`]))
  })

  it('keeps the order of a connection’s events when the clock went back between them', async () => {
    const { items, clock, publish, feed } = world()
    const nowMs = clock.nowMs()
    await commitEvent(items, { connection: 'ac_a', sequence: 1, nowMs: nowMs + 60_000 })
    await commitEvent(items, { connection: 'ac_a', sequence: 2, nowMs })
    await publish()
    expect(await feed()).toEqual([
      [1, 'ac_a-1'],
      [2, 'ac_a-2'],
    ])
  })

  it('sets an item aside that holds no event, says so, and goes on with those behind it', async () => {
    const { items, commit, publish, feed, waiting, lines } = world()
    await commit('ac_a', 1)
    await items.transact([{ op: 'update', key: eventKey('acme', 'ac_a', 1), set: { type: 'nonsense' } }])
    await commit('ac_a', 2)
    await commit('ac_b', 1)
    await publish()
    expect(await feed()).toEqual([
      [1, 'ac_a-2'],
      [2, 'ac_b-1'],
    ])
    expect(await waiting()).toBe(0)
    expect(lines).toEqual(['an outbox item holds no event and was set aside'])
  })
})

describe('publishEvents', () => {
  const key = (connection: string, sequence: number, tenant = 'acme') =>
    eventKey(tenant, connection, sequence)

  it('takes a predecessor along that was not named', async () => {
    const { commit, ports, feed } = world()
    await commit('ac_a', 1)
    await commit('ac_a', 2)
    await publishEvents(ports, [key('ac_a', 2)])
    expect(await feed()).toEqual([
      [1, 'ac_a-1'],
      [2, 'ac_a-2'],
    ])
  })

  it('hands an event on again, under its number, when the outlet failed after it was numbered', async () => {
    const taken: FeedEntry[] = []
    let fails = true
    const outlet: EventOutlet = {
      isNeeded: async () => true,
      take: async (_tenant, entries) => {
        if (fails) throw new Error('the bus is away')
        taken.push(...entries)
      },
    }
    const { commit, ports, feed, waiting, publish } = world(outlet)
    await commit('ac_a', 1)
    const { failed } = await publishEvents(ports, [key('ac_a', 1)])
    expect(failed).toEqual([key('ac_a', 1)])
    await commit('ac_a', 2)
    fails = false
    await publish()
    expect(taken.map(({ number, event }) => [number, event.id])).toEqual([
      [1, 'ac_a-1'],
      [2, 'ac_a-2'],
    ])
    expect(await feed()).toEqual([
      [1, 'ac_a-1'],
      [2, 'ac_a-2'],
    ])
    expect(await waiting()).toBe(0)
  })

  it('never hands a later event on before its predecessor was taken', async () => {
    const taken: string[] = []
    let calls = 0
    const outlet: EventOutlet = {
      isNeeded: async () => true,
      take: async (_tenant, entries) => {
        if (++calls === 1) throw new Error('the bus is away')
        taken.push(...entries.map(({ event }) => event.id))
      },
    }
    const { commit, ports } = world(outlet)
    await commit('ac_a', 1)
    await publishEvents(ports, [key('ac_a', 1)])
    await commit('ac_a', 2)
    await publishEvents(ports, [key('ac_a', 2)])
    expect(taken).toEqual(['ac_a-1', 'ac_a-2'])
  })

  it('goes on with other tenants when one fails', async () => {
    const outlet: EventOutlet = {
      isNeeded: async () => true,
      take: async (tenant) => {
        if (tenant === 'acme') throw new Error('no')
      },
    }
    const { commit, ports, feed } = world(outlet)
    await commit('ac_a', 1)
    await commit('ac_z', 1, 'other')
    const report = await publishEvents(ports, [key('ac_a', 1), key('ac_z', 1, 'other')])
    expect(report).toEqual({ published: 1, failed: [key('ac_a', 1)] })
    expect(await feed('other')).toEqual([[1, 'ac_z-1']])
  })

  it('numbers each event once when two publishers meet', async () => {
    const { commit, ports, feed } = world()
    for (let sequence = 1; sequence <= 20; sequence++) await commit('ac_a', sequence)
    const keys = Array.from({ length: 20 }, (_, at) => key('ac_a', at + 1))
    await Promise.all([publishEvents(ports, keys), publishEvents(ports, keys.slice(5))])
    expect(await feed()).toEqual(keys.map((_, at) => [at + 1, `ac_a-${at + 1}`]))
  })
})
