import { outboxShards } from '../../domain/keys.ts'
import type { Metrics } from '../../ports/metrics.ts'
import { type PublishPorts, publishEvents } from './publish-events.ts'

/** Keys read of one shard at a time: a turn stays short, and shards take turns. */
const PAGE_KEYS = 200

/** `olderThanMs` leaves alone what is younger, for a sweep behind a stream that carries the rest. */
export interface PublishDueOptions {
  readonly olderThanMs?: number
}

/**
 * One round over the outbox: publishes what waits, up to a page a shard, and answers how much went out. The index
 * is the truth about what is published; whatever tells a publisher to look only says when.
 */
export async function publishDue(
  ports: Omit<PublishPorts, 'metrics'> & { metrics: Pick<Metrics, 'count' | 'observe' | 'gauge'> },
  { olderThanMs = 0 }: PublishDueOptions = {},
): Promise<number> {
  const nowMs = ports.clock.nowMs()
  let published = 0
  let oldestMs = nowMs
  for (const shard of outboxShards()) {
    // A clock that went back must not hold up what was written before it did.
    const dueAtMostMs = olderThanMs === 0 ? Number.MAX_SAFE_INTEGER : nowMs - olderThanMs
    const { items } = await ports.items.queryDue({ shard, dueAtMostMs, limit: PAGE_KEYS })
    if (items.length === 0) continue
    oldestMs = Math.min(oldestMs, items[0]!.dueAtMs)
    const keys = items.map(({ key }) => key)
    published += (await publishEvents(ports, keys)).published
  }
  ports.metrics.gauge('outbox_oldest', nowMs - oldestMs)
  return published
}
