import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import type { Clock } from '../../shared/ports/clock.ts'

/** A wait lasts this long at most; the rest of it is skipped. */
const LONGEST_WAIT_MS = 5

/**
 * The machine's clock in a hurry: whoever waits finds the time gone by, and a test may move it on. A wait that can be
 * ended is a budget that other work is held to, and takes its time.
 */
export class HurriedClock implements Clock {
  readonly #system = new SystemClock()
  #shiftMs = 0

  nowMs(): number {
    return this.#system.nowMs() + this.#shiftMs
  }

  monotonicMs(): number {
    return this.#system.monotonicMs() + this.#shiftMs
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal !== undefined) return this.#system.sleep(ms, signal)
    const waitMs = Math.min(ms, LONGEST_WAIT_MS)
    await this.#system.sleep(waitMs)
    this.#shiftMs += ms - waitMs
  }

  /** Moves the calendar on, and what is measured with it. */
  moveOn(ms: number): void {
    this.#shiftMs += ms
  }
}
