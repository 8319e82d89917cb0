import type { DynamoDBStreamEvent } from 'aws-lambda'
import { createHandler } from '../../../functions/publish/handler.ts'
import { outboxKeysOf } from '../../../shared/adapters/dynamodb/stream-keys.ts'
import { MemoryItemStore } from '../../../shared/adapters/memory/memory-item-store.ts'
import { PrometheusMetrics } from '../../../shared/adapters/metrics/prometheus-metrics.ts'
import { eventKey, feedPartition } from '../../../shared/domain/keys.ts'
import type { EventOutlet } from '../../../shared/ports/event-outlet.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { commitEvent } from '../../support/outbox.ts'

const SECOND_MS = 1_000

function world() {
  const items = new MemoryItemStore()
  const clock = new ManualClock()
  const taken: string[] = []
  const failing = new Set<string>()
  const outlet: EventOutlet = {
    isNeeded: async () => true,
    take: async (tenant, entries) => {
      if (failing.has(tenant)) throw new Error('the bus is away')
      taken.push(...entries.map(({ event }) => event.id))
    },
  }
  const note = () => undefined
  const log = { debug: note, info: note, warn: note, error: note, access: note }
  const metrics = new PrometheusMetrics()
  const handle = createHandler({ items, clock, log, metrics, outlet, newKeysOf: outboxKeysOf })
  return {
    items,
    clock,
    taken,
    failing,
    metrics,
    handle,
    commit: (connection: string, sequence: number, tenant = 'acme') =>
      commitEvent(items, { tenant, connection, sequence, nowMs: clock.nowMs() }),
    feed: async (tenant = 'acme') =>
      (await items.query({ partition: feedPartition(tenant), limit: 500 })).items.map(
        ({ attributes }) => attributes['id'],
      ),
  }
}

/** A record of the stream, as DynamoDB hands over what a commit wrote. */
function inserted(connection: string, sequence: number, tenant = 'acme', kind = 'outbox') {
  const { partition, sort } = eventKey(tenant, connection, sequence)
  const NewImage = { pk: { S: partition }, sk: { S: sort }, kind: { S: kind } }
  return { eventName: 'INSERT' as const, dynamodb: { NewImage } }
}
const batch = (...Records: DynamoDBStreamEvent['Records']): DynamoDBStreamEvent => ({ Records })

describe('the handler of publish', () => {
  it('publishes what the stream says is new, and lets pass whatever else changes in the table', async () => {
    const { commit, handle, feed, taken } = world()
    await commit('ac_a', 1)
    await commit('ac_b', 1)
    const changed = { ...inserted('ac_b', 1), eventName: 'MODIFY' as const }
    await handle(batch(inserted('ac_a', 1), changed, inserted('ac_b', 1, 'acme', 'feed')))
    expect(await feed()).toEqual(['ac_a-1'])
    expect(taken).toEqual(['ac_a-1'])
  })

  it('takes a batch although one tenant’s events fail, and tells them within the next minute', async () => {
    const { commit, handle, feed, taken, failing, clock } = world()
    failing.add('poor')
    await commit('ac_p', 1, 'poor')
    await commit('ac_a', 1)
    await handle(batch(inserted('ac_p', 1, 'poor'), inserted('ac_a', 1)))
    expect(taken).toEqual(['ac_a-1'])
    failing.clear()
    await clock.advance(60 * SECOND_MS)
    await handle({})
    expect(taken).toEqual(['ac_a-1', 'ac_p-1'])
    expect(await feed('poor')).toEqual(['ac_p-1'])
  })

  it('leaves to the stream what it may still bring, and publishes a backlog that it did not', async () => {
    const { commit, handle, feed, clock } = world()
    for (let sequence = 1; sequence <= 300; sequence++) await commit('ac_a', sequence)
    await handle({})
    expect(await feed()).toEqual([])
    await clock.advance(20 * SECOND_MS)
    await commit('ac_b', 1)
    await handle({})
    expect(await feed()).toEqual(Array.from({ length: 300 }, (_, at) => `ac_a-${at + 1}`))
  })

  it('says how late the oldest is', async () => {
    const { commit, handle, failing, clock, metrics } = world()
    failing.add('acme')
    await commit('ac_a', 1)
    await clock.advance(200 * SECOND_MS)
    await handle({})
    expect(await metrics.text()).toContain('flow_vault_outbox_oldest_seconds 200')
  })
})
