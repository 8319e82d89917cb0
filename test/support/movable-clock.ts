import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import type { Clock } from '../../shared/ports/clock.ts'

/** The machine's clock, whose calendar a test may move on; waiting and measuring stay real. */
export class MovableClock implements Clock {
  readonly #system = new SystemClock()
  #shiftMs = 0

  nowMs(): number {
    return this.#system.nowMs() + this.#shiftMs
  }

  monotonicMs(): number {
    return this.#system.monotonicMs()
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#system.sleep(ms, signal)
  }

  /** Moves the calendar on. */
  moveOn(ms: number): void {
    this.#shiftMs += ms
  }
}
