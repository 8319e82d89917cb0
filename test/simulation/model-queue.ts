import type { WorkItem, WorkQueue } from '../../shared/ports/work-queue.ts'
import type { Chance } from './chance.ts'
import type { SimulatedProcess } from './machine.ts'
import type { VirtualTime } from './virtual-time.ts'

/** A message comes back when it was not done by then: what SQS calls the visibility timeout. */
const VISIBILITY_MS = 120_000
/** After this many deliveries the message goes to the dead letters; the due index finds the work again. */
const MAX_DELIVERIES = 3

/** A queue between processes: at least once, in no order, and sometimes not at all. */
export class ModelQueue implements WorkQueue {
  readonly #world: {
    readonly time: VirtualTime
    readonly chance: Chance
    pickProcess(): SimulatedProcess | undefined
    work(process: SimulatedProcess, item: WorkItem): Promise<void>
  }
  /** Of an item to be late, to come twice, or to be lost. */
  trouble = 0
  delivered = 0

  constructor(world: {
    time: VirtualTime
    chance: Chance
    pickProcess(): SimulatedProcess | undefined
    work(process: SimulatedProcess, item: WorkItem): Promise<void>
  }) {
    this.#world = world
  }

  async enqueue(items: readonly WorkItem[]): Promise<void> {
    const { chance, time } = this.#world
    for (const item of items) {
      if (chance.happens(this.trouble / 3)) continue
      const copies = chance.happens(this.trouble) ? 1 + chance.below(4) : 1
      for (let copy = 0; copy < copies; copy++) {
        const lateMs = chance.happens(this.trouble) ? chance.between(0, 300_000) : chance.between(0, 500)
        time.after(lateMs, () => this.#deliver(item, 1))
      }
    }
  }

  #deliver(item: WorkItem, delivery: number): void {
    if (delivery > MAX_DELIVERIES) return
    const { time } = this.#world
    let isDone = false
    time.after(VISIBILITY_MS, () => {
      if (!isDone) this.#deliver(item, delivery + 1)
    })
    const process = this.#world.pickProcess()
    if (process === undefined) return
    this.delivered++
    void this.#world.work(process, item).then(
      () => {
        isDone = true
      },
      () => undefined,
    )
  }
}
