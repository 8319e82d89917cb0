import { ROTATION_SHARDS } from '../domain/keys.ts'
import type { ItemKey } from '../ports/item-store.ts'
import type { Ports } from '../ports/ports.ts'
import type { WorkQueue } from '../ports/work-queue.ts'

/** Keys read from one shard at a time; a sweep reads on only where the nearest expiries are. */
const PAGE_KEYS = 100

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
 * more than the workers can do before the next sweep, and no more of one tenant than its share. What is left
 * waits in the index, which is the truth; a row enqueued twice is rotated once.
 */
export async function sweepDue(ports: SweepPorts, limits: SweepLimits): Promise<SweepReport> {
  const nowMs = ports.clock.nowMs()
  const shards = Array.from(
    { length: ROTATION_SHARDS },
    (_, shard) => `rotation#${String(shard).padStart(2, '0')}`,
  )
  // Each shard may hold all of the nearest: reading capacity from each would be 32 times too much, so every shard
  // gives its share first, and those whose share was used up are asked for more.
  const found = (await Promise.all(shards.map((shard) => dueKeys(ports, shard, nowMs, limits)))).flat()
  found.sort((a, b) => a.dueAtMs - b.dueAtMs)
  const chosen = fairShare(found, limits)
  for (let start = 0; start < chosen.length; start += PAGE_KEYS) {
    const items = chosen.slice(start, start + PAGE_KEYS)
    await ports.work.enqueue(items.map(({ tenant, id }) => ({ kind: 'rotate', tenant, id })))
  }
  return {
    enqueued: chosen.length,
    oldestLateMs: found.length === 0 ? 0 : Math.max(0, nowMs - found[0]!.dueAtMs),
    full: chosen.length < found.length,
  }
}

async function dueKeys(
  ports: SweepPorts,
  shard: string,
  nowMs: number,
  limits: SweepLimits,
): Promise<DueKey[]> {
  const share = Math.max(PAGE_KEYS, Math.ceil((limits.capacity / ROTATION_SHARDS) * 2))
  const keys: DueKey[] = []
  let nextToken: string | undefined
  do {
    const page = await ports.items.queryDue({
      shard,
      dueAtMostMs: nowMs,
      limit: Math.min(PAGE_KEYS * 10, share - keys.length),
      ...(nextToken === undefined ? {} : { nextToken }),
    })
    for (const item of page.items) keys.push({ ...ownerOf(item.key), dueAtMs: item.dueAtMs })
    nextToken = page.nextToken
  } while (nextToken !== undefined && keys.length < share)
  return keys
}

/** `TENANT#<tenant>#CONNECTIONS`, and the id. */
function ownerOf(key: ItemKey): { tenant: string; id: string } {
  return { tenant: key.partition.split('#')[1]!, id: key.sort }
}

/** The nearest first, each tenant up to its share; what room is left then goes to the nearest of all. */
function fairShare(sorted: readonly DueKey[], limits: SweepLimits): DueKey[] {
  const taken = new Map<string, number>()
  const chosen: DueKey[] = []
  const left: DueKey[] = []
  for (const key of sorted) {
    const count = taken.get(key.tenant) ?? 0
    if (chosen.length < limits.capacity && count < limits.perTenant) {
      chosen.push(key)
      taken.set(key.tenant, count + 1)
    } else {
      left.push(key)
    }
  }
  return chosen.concat(left.slice(0, Math.max(0, limits.capacity - chosen.length)))
}
