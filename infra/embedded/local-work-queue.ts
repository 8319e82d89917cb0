import type { WorkItem, WorkQueue } from '../../shared/ports/work-queue.ts'

/**
 * Work in the process: at most `concurrency` items at a time, an item that waits already is not queued twice.
 * Nothing is kept over a restart: the due index is the truth, and the next sweep finds what is still due.
 */
export class LocalWorkQueue implements WorkQueue {
  readonly #concurrency: number
  readonly #work: (item: WorkItem) => Promise<void>
  readonly #waiting = new Map<string, WorkItem>()
  readonly #running = new Set<Promise<void>>()
  #closed = false

  constructor(options: { concurrency: number; work(item: WorkItem): Promise<void> }) {
    this.#concurrency = options.concurrency
    this.#work = options.work
  }

  async enqueue(items: readonly WorkItem[]): Promise<void> {
    if (this.#closed) return
    for (const item of items) this.#waiting.set(`${item.kind} ${item.tenant} ${item.id}`, item)
    this.#fill()
  }

  /** How many items wait or run. */
  get depth(): number {
    return this.#waiting.size + this.#running.size
  }

  /** Takes nothing more and waits for what runs. */
  async close(): Promise<void> {
    this.#closed = true
    this.#waiting.clear()
    await Promise.all(this.#running)
  }

  #fill(): void {
    for (const [key, item] of this.#waiting) {
      if (this.#running.size >= this.#concurrency) return
      this.#waiting.delete(key)
      const run = this.#work(item).finally(() => {
        this.#running.delete(run)
        this.#fill()
      })
      this.#running.add(run)
    }
  }
}
