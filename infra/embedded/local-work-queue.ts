import type { WorkItem, WorkQueue } from '../../shared/ports/work-queue.ts'
import { WorkLane } from './work-lane.ts'

/** Jobs of freezes at a time, beside everything else: an incident has one or two, and each works by pages. */
const FREEZE_CONCURRENCY = 8
/** Half of them: another tenant's incident begins at once too. */
const FREEZES_OF_A_TENANT = 4
/** Of the places, one tenant's: what its providers hold up is a quarter at most. */
const TENANT_SHARE = 1 / 4

/**
 * Work in the process: at most `concurrency` items at a time, of one tenant a quarter of that, an item that waits
 * already is not queued twice. The jobs of freezes have a lane of their own: a stop order begins at once, however many
 * rotations wait or hang. Nothing is kept over a restart: the due index is the truth, and the next sweep finds what is
 * still due.
 */
export class LocalWorkQueue implements WorkQueue {
  readonly #freezes: WorkLane<WorkItem>
  readonly #others: WorkLane<WorkItem>
  #closed = false

  constructor(options: { concurrency: number; work(item: WorkItem): Promise<void> }) {
    const { concurrency, work } = options
    const perTenant = Math.max(1, Math.floor(concurrency * TENANT_SHARE))
    this.#freezes = new WorkLane({ concurrency: FREEZE_CONCURRENCY, perTenant: FREEZES_OF_A_TENANT, work })
    this.#others = new WorkLane({ concurrency, perTenant, work })
  }

  async enqueue(items: readonly WorkItem[]): Promise<void> {
    if (this.#closed) return
    for (const item of items) {
      const lane = item.kind === 'freeze' ? this.#freezes : this.#others
      lane.add(`${item.kind} ${item.id}`, item)
    }
    this.#freezes.begin()
    this.#others.begin()
  }

  /** How many items wait or run. */
  get depth(): number {
    return this.#freezes.depth + this.#others.depth
  }

  /** Takes nothing more and waits for what runs. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([this.#freezes.close(), this.#others.close()])
  }
}
