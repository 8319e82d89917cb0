interface Event {
  readonly atMs: number
  readonly order: number
  fire: (() => void) | undefined
}

/** An event that can be called off. */
export interface Scheduled {
  cancel(): void
}

/**
 * True time of a simulation: a queue of events, nothing else moves it. Events of one millisecond fire in the order
 * they were made, and every promise that one of them settles goes on before the next fires.
 */
export class VirtualTime {
  readonly #heap: Event[] = []
  #nowMs: number
  #order = 0
  /** How many events have fired. */
  fired = 0

  constructor(nowMs: number) {
    this.#nowMs = nowMs
  }

  get nowMs(): number {
    return this.#nowMs
  }

  at(atMs: number, fire: () => void): Scheduled {
    const event: Event = { atMs: Math.max(atMs, this.#nowMs), order: this.#order++, fire }
    this.#push(event)
    return {
      cancel() {
        event.fire = undefined
      },
    }
  }

  after(ms: number, fire: () => void): Scheduled {
    return this.at(this.#nowMs + ms, fire)
  }

  /** Resolves after `ms`, whatever becomes of any process meanwhile: how the network keeps time. */
  delay(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve))
  }

  /** Fires every event up to that instant; stops early, between two events, once `stop` says so. */
  async runUntil(untilMs: number, stop: () => boolean = () => false): Promise<void> {
    await settled()
    for (
      let next = this.#heap[0];
      next !== undefined && next.atMs <= untilMs && !stop();
      next = this.#heap[0]
    ) {
      this.#pop()
      if (next.fire === undefined) continue
      this.#nowMs = next.atMs
      this.fired++
      next.fire()
      await settled()
    }
    if (!stop()) this.#nowMs = Math.max(this.#nowMs, untilMs)
  }

  #push(event: Event): void {
    const heap = this.#heap
    let index = heap.push(event) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!isBefore(event, heap[parent]!)) break
      heap[index] = heap[parent]!
      index = parent
    }
    heap[index] = event
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, last)) break
      heap[index] = heap[child]!
      index = child
    }
    heap[index] = last
  }
}

function isBefore(left: Event, right: Event): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order)
}

/** One turn of the real event loop: every promise that can go on has gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
