import type { WorkItem, WorkQueue } from '../../shared/ports/work-queue.ts'

/** Jobs of freezes at a time, beside everything else: an incident has one or two, and each works by pages. */
const FREEZE_CONCURRENCY = 4

/** What waits and what runs of one kind of work, apart from the others. */
interface Lane {
  readonly concurrency: number
  readonly waiting: Map<string, WorkItem>
  readonly running: Set<Promise<void>>
}

/**
 * Work in the process: at most `concurrency` items at a time, an item that waits already is not queued twice.
 * The jobs of freezes have a lane of their own: a stop order begins at once, however many rotations wait or hang.
 * Nothing is kept over a restart: the due index is the truth, and the next sweep finds what is still due.
 */
export class LocalWorkQueue implements WorkQueue {
  readonly #work: (item: WorkItem) => Promise<void>
  readonly #freezes: Lane
  readonly #others: Lane
  #closed = false

  constructor(options: { concurrency: number; work(item: WorkItem): Promise<void> }) {
    this.#work = options.work
    this.#freezes = newLane(FREEZE_CONCURRENCY)
    this.#others = newLane(options.concurrency)
  }

  async enqueue(items: readonly WorkItem[]): Promise<void> {
    if (this.#closed) return
    for (const item of items) {
      const { waiting } = item.kind === 'freeze' ? this.#freezes : this.#others
      waiting.set(`${item.kind} ${item.tenant} ${item.id}`, item)
    }
    this.#fill(this.#freezes)
    this.#fill(this.#others)
  }

  /** How many items wait or run. */
  get depth(): number {
    return [this.#freezes, this.#others].reduce(
      (total, { waiting, running }) => total + waiting.size + running.size,
      0,
    )
  }

  /** Takes nothing more and waits for what runs. */
  async close(): Promise<void> {
    this.#closed = true
    const lanes = [this.#freezes, this.#others]
    for (const { waiting } of lanes) waiting.clear()
    await Promise.all(lanes.flatMap(({ running }) => [...running]))
  }

  #fill(lane: Lane): void {
    for (const [key, item] of lane.waiting) {
      if (lane.running.size >= lane.concurrency) return
      lane.waiting.delete(key)
      const run = this.#work(item).finally(() => {
        lane.running.delete(run)
        this.#fill(lane)
      })
      lane.running.add(run)
    }
  }
}

function newLane(concurrency: number): Lane {
  return { concurrency, waiting: new Map(), running: new Set() }
}
