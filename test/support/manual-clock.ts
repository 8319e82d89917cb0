import type { Clock } from '../../shared/ports/clock.ts'

interface Sleeper {
  readonly wakesAtMs: number
  readonly wake: () => void
}

/** A clock that a test moves: nothing happens between two calls of `advance`. */
export class ManualClock implements Clock {
  #nowMs: number
  #monotonicMs = 0
  #sleepers: Sleeper[] = []

  constructor(nowMs = Date.UTC(2030, 0, 1)) {
    this.#nowMs = nowMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#monotonicMs
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const sleeper = { wakesAtMs: this.#monotonicMs + ms, wake: resolve }
      this.#sleepers.push(sleeper)
      signal?.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
        reject(signal.reason)
      })
    })
  }

  /** Moves both clocks, waking sleepers in the order of their time; what they do next runs before this resolves. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#monotonicMs + ms
    for (;;) {
      const due = this.#sleepers.filter(({ wakesAtMs }) => wakesAtMs <= untilMs)
      const next = due.sort((a, b) => a.wakesAtMs - b.wakesAtMs)[0]
      if (next === undefined) break
      this.#sleepers = this.#sleepers.filter((sleeper) => sleeper !== next)
      this.#moveTo(next.wakesAtMs)
      next.wake()
      await settled()
    }
    this.#moveTo(untilMs)
    await settled()
  }

  #moveTo(monotonicMs: number): void {
    this.#nowMs += monotonicMs - this.#monotonicMs
    this.#monotonicMs = monotonicMs
  }
}

/** One turn of the event loop: every promise that can go on has gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
