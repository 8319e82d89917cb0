import { findPartitionParts, workShards } from '../../domain/keys.ts'
import { errorFields } from '../../ports/error-fields.ts'
import type { ItemKey } from '../../ports/item-store.ts'
import type { WorkQueue } from '../../ports/work-queue.ts'
import { FREEZE_ROWS } from '../../rows/freeze-row.ts'
import { INTENT_ROWS } from '../../rows/intent-row.ts'
import { RESCUE_ROWS } from '../../rows/rescue-row.ts'
import { TOMBSTONE_ROWS, type Tombstone } from '../../rows/tombstone-row.ts'
import { undoIntent } from '../commit/undo-intent.ts'
import { type DeletePorts, finishDeletion, removeTombstone } from '../connections/delete-connection.ts'

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

type Figures = { -readonly [Figure in keyof ReconcileReport]: number }

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
  for (const shard of workShards()) {
    for await (const key of dueKeys(ports, shard, nowMs, MAX_ITEMS_A_RUN - report.found)) {
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

async function workItem(ports: ReconcilePorts, key: ItemKey, nowMs: number, report: Figures): Promise<void> {
  // The index may be behind: only the item itself says what is still to be done.
  const item = await ports.items.get(key)
  if (item === undefined || !(Number(item['due_at']) <= nowMs)) return
  const kind = findPartitionParts(key.partition)?.kind
  if (kind === 'INTENTS') {
    if ((await undoIntent(ports, INTENT_ROWS.decode(item))) === 'undone') report.undone++
  } else if (kind === 'TOMBSTONES') {
    await workTombstone(ports, TOMBSTONE_ROWS.decode(item), report)
  } else if (kind === 'FREEZES') {
    const { tenant, id } = FREEZE_ROWS.decode(item)
    await ports.work.enqueue([{ kind: 'freeze', tenant, id }])
    report.freezeJobs++
  } else if (kind === 'RESCUES') {
    const { tenant, id, op } = RESCUE_ROWS.decode(item)
    await ports.work.enqueue([{ kind: 'rescue', tenant, id, op }])
    report.rescues++
  }
}

async function workTombstone(ports: ReconcilePorts, tombstone: Tombstone, report: Figures): Promise<void> {
  if (tombstone.state === 'deleting') {
    await finishDeletion(ports, tombstone)
    report.deletionsFinished++
  } else {
    await removeTombstone(ports, tombstone)
    report.tombstonesRemoved++
  }
}
