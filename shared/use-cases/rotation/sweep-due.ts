import { findPartitionParts, ROTATION_SHARDS } from '../../domain/keys.ts'
import type { ItemKey } from '../../ports/item-store.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { Ports } from '../../ports/ports.ts'
import type { WorkQueue } from '../../ports/work-queue.ts'

/** Keys handed to the queue in one call. */
const BATCH_KEYS = 100
/** Keys read from one shard at a time: about a tenth of what DynamoDB gives in one answer. */
const PAGE_KEYS = 1_000
/**
 * How far a sweep looks past the backlog of one tenant for others that are due: a million keys are a thousand pages,
 * read 32 at a time, for a third of a cent.
 */
const MAX_KEYS_A_SWEEP = 1_000_000
/** So many times the capacity are held in memory; what cannot be chosen any more is let go of. */
const KEPT_CAPACITIES = 4

export interface SweepPorts extends Ports {
  readonly work: WorkQueue
}

export interface SweepLimits {
  /** What the workers can do until the next sweep; the rest waits in the index. */
  readonly capacity: number
  /** The most one tenant may take of it while others wait. */
  readonly perTenant: number
}

export interface SweepReport {
  readonly enqueued: number
  /** How late the oldest due row is, in ms; 0 when nothing is late. */
  readonly oldestLateMs: number
  /** True when more was due than the workers can do. */
  readonly full: boolean
}

interface DueKey {
  readonly tenant: string
  readonly id: string
  readonly dueAtMs: number
}

/**
 * The pacer of rotation: asks every shard of the due index for what is due and enqueues the nearest expiries, no
 * more than the workers can do before the next sweep, and no more of one tenant than its share while others wait.
 * What is left waits in the index, which is the truth; a row enqueued twice is rotated once.
 */
export async function sweepDue(ports: SweepPorts, limits: SweepLimits): Promise<SweepReport> {
  const nowMs = ports.clock.nowMs()
  const { chosen, oldestDueAtMs, full } = await chooseDue(ports, limits, nowMs)
  for (let start = 0; start < chosen.length; start += BATCH_KEYS) {
    const items = chosen.slice(start, start + BATCH_KEYS)
    await ports.work.enqueue(items.map(({ tenant, id }) => ({ kind: 'rotate', tenant, id })))
  }
  return {
    enqueued: chosen.length,
    oldestLateMs: oldestDueAtMs === undefined ? 0 : Math.max(0, nowMs - oldestDueAtMs),
    full,
  }
}

/** A sweep, with what it found told to the metrics. */
export async function measuredSweep(
  ports: SweepPorts & { readonly metrics: Metrics },
  limits: SweepLimits,
): Promise<SweepReport> {
  const report = await sweepDue(ports, limits)
  ports.metrics.gauge('oldest_due', report.oldestLateMs)
  ports.metrics.count('sweeps', 1, { outcome: report.full ? 'full' : 'complete' })
  return report
}

interface Shard {
  readonly name: string
  nextToken: string | undefined
  isRead: boolean
  lastDueAtMs: number
}

/** Reads on, all shards side by side, until nothing that is still unread could be chosen. */
async function chooseDue(
  ports: SweepPorts,
  limits: SweepLimits,
  nowMs: number,
): Promise<{ chosen: readonly DueKey[]; oldestDueAtMs: number | undefined; full: boolean }> {
  const shards = Array.from({ length: ROTATION_SHARDS }, (_, shard): Shard => {
    const name = `rotation#${String(shard).padStart(2, '0')}`
    return { name, nextToken: undefined, isRead: false, lastDueAtMs: 0 }
  })
  // Any shard may hold all of the nearest: each gives twice its share first, and only then what is behind that.
  let pageKeys = Math.min(PAGE_KEYS, Math.max(BATCH_KEYS, Math.ceil((limits.capacity / ROTATION_SHARDS) * 2)))
  let candidates: DueKey[] = []
  let readKeys = 0
  for (;;) {
    const unread = shards.filter((shard) => !shard.isRead)
    const pages = await Promise.all(unread.map((shard) => readPage(ports, shard, { nowMs, limit: pageKeys })))
    for (const page of pages) {
      readKeys += page.length
      candidates = candidates.concat(page)
    }
    candidates.sort((a, b) => a.dueAtMs - b.dueAtMs)
    const { fair, rest } = fairShare(candidates, limits)
    const left = shards.filter((shard) => !shard.isRead)
    const nextDueAtMs = Math.min(...left.map(({ lastDueAtMs }) => lastDueAtMs))
    const isSettled = fair.length === limits.capacity && (fair.at(-1)?.dueAtMs ?? 0) <= nextDueAtMs
    if (left.length === 0 || isSettled || readKeys >= MAX_KEYS_A_SWEEP) {
      const chosen = fair.concat(rest.slice(0, limits.capacity - fair.length))
      return {
        chosen,
        oldestDueAtMs: candidates[0]?.dueAtMs,
        full: chosen.length < readKeys || left.length > 0,
      }
    }
    if (candidates.length > limits.capacity * KEPT_CAPACITIES) {
      candidates = fair.concat(rest.slice(0, limits.capacity))
    }
    pageKeys = PAGE_KEYS
  }
}

async function readPage(
  ports: SweepPorts,
  shard: Shard,
  { nowMs, limit }: { nowMs: number; limit: number },
): Promise<DueKey[]> {
  const page = await ports.items.queryDue({
    shard: shard.name,
    dueAtMostMs: nowMs,
    limit,
    ...(shard.nextToken === undefined ? {} : { nextToken: shard.nextToken }),
  })
  shard.nextToken = page.nextToken
  shard.isRead = page.nextToken === undefined
  shard.lastDueAtMs = page.items.at(-1)?.dueAtMs ?? shard.lastDueAtMs
  return page.items.map((item) => ({ ...ownerOf(item.key), dueAtMs: item.dueAtMs }))
}

/** Whose rotation a key of the due index is. */
function ownerOf(key: ItemKey): { tenant: string; id: string } {
  return { tenant: findPartitionParts(key.partition)!.tenant, id: key.sort }
}

/** The nearest first, each tenant up to its share; the rest, nearest first too, fills what room is left. */
function fairShare(sorted: readonly DueKey[], limits: SweepLimits): { fair: DueKey[]; rest: DueKey[] } {
  const taken = new Map<string, number>()
  const fair: DueKey[] = []
  const rest: DueKey[] = []
  for (const key of sorted) {
    const count = taken.get(key.tenant) ?? 0
    const fits = fair.length < limits.capacity && count < limits.perTenant
    if (fits) taken.set(key.tenant, count + 1)
    const list = fits ? fair : rest
    list.push(key)
  }
  return { fair, rest }
}
