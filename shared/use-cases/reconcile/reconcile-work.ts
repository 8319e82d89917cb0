import { WORK_SHARDS } from '../../domain/keys.ts'
import { errorFields } from '../../ports/error-fields.ts'
import type { Attributes, ItemKey } from '../../ports/item-store.ts'
import type { WorkQueue } from '../../ports/work-queue.ts'
import type { Intent } from '../commit/intent.ts'
import { rescueOf } from '../commit/rescue-item.ts'
import { undoIntent } from '../commit/undo-intent.ts'
import { type DeletePorts, finishDeletion, removeTombstone } from '../connections/delete-connection.ts'
import { TOMBSTONE_ROWS } from '../connections/tombstones.ts'

/** One run works this many items at most; what is left waits a minute for the next. */
const MAX_ITEMS_A_RUN = 1000
const PAGE_ITEMS = 100

export interface ReconcilePorts extends DeletePorts {
  readonly work: WorkQueue
}

export interface ReconcileReport {
  readonly found: number
  readonly undone: number
  readonly deletionsFinished: number
  readonly tombstonesRemoved: number
  /** Rescues and freeze jobs handed to the workers. */
  readonly rescues: number
  readonly freezeJobs: number
  readonly failed: number
}

/**
 * Works what is past its deadline: undoes operations that a crash left unfinished, finishes deletions, and ends
 * recovery windows. Every step is idempotent, so two runs at once, or one that dies, do no harm.
 */
export async function reconcileWork(ports: ReconcilePorts): Promise<ReconcileReport> {
  const report = {
    found: 0,
    undone: 0,
    deletionsFinished: 0,
    tombstonesRemoved: 0,
    rescues: 0,
    freezeJobs: 0,
    failed: 0,
  }
  const nowMs = ports.clock.nowMs()
  for (let shard = 0; shard < WORK_SHARDS; shard++) {
    for await (const key of dueKeys(ports, `work#${shard}`, nowMs, MAX_ITEMS_A_RUN - report.found)) {
      report.found++
      try {
        await workItem(ports, key, nowMs, report)
      } catch (error) {
        report.failed++
        ports.log.error('an item could not be reconciled and stays for the next run', {
          op: key.sort,
          ...errorFields(error),
        })
      }
    }
  }
  return report
}

async function* dueKeys(
  ports: ReconcilePorts,
  shard: string,
  nowMs: number,
  most: number,
): AsyncGenerator<ItemKey> {
  let given = 0
  let nextToken: string | undefined
  do {
    const page = await ports.items.queryDue({
      shard,
      dueAtMostMs: nowMs,
      limit: PAGE_ITEMS,
      ...(nextToken === undefined ? {} : { nextToken }),
    })
    for (const { key } of page.items) {
      if (given++ >= most) return
      yield key
    }
    nextToken = page.nextToken
  } while (nextToken !== undefined)
}

async function workItem(
  ports: ReconcilePorts,
  key: ItemKey,
  nowMs: number,
  report: { -readonly [Figure in keyof ReconcileReport]: number },
): Promise<void> {
  // The index may be behind: only the item itself says what is still to be done.
  const item = await ports.items.get(key)
  if (item === undefined || !(Number(item['due_at']) <= nowMs)) return
  const kind = workKindOf(item)
  if (kind === 'intent') {
    if ((await undoIntent(ports, item as unknown as Intent)) === 'undone') report.undone++
  } else if (kind === 'deletion') {
    await finishDeletion(ports, TOMBSTONE_ROWS.decode(item))
    report.deletionsFinished++
  } else if (kind === 'freeze') {
    await ports.work.enqueue([{ kind: 'freeze', tenant: String(item['tenant']), id: String(item['id']) }])
    report.freezeJobs++
  } else if (kind === 'rescue') {
    const rescue = rescueOf(item)!
    await ports.work.enqueue([
      { kind: 'rescue', tenant: rescue.tenant, id: rescue.connectionId, op: rescue.op },
    ])
    report.rescues++
  } else if (kind === 'tombstone') {
    await removeTombstone(ports, TOMBSTONE_ROWS.decode(item))
    report.tombstonesRemoved++
  }
}

function workKindOf(item: Attributes): 'intent' | 'deletion' | 'tombstone' | 'rescue' | 'freeze' | undefined {
  if (item['kind'] === 'rescue' || item['kind'] === 'freeze') return item['kind']
  if (item['deadlineAtMs'] !== undefined) return 'intent'
  if (item['state'] === 'deleting') return 'deletion'
  return item['state'] === 'deleted' ? 'tombstone' : undefined
}
