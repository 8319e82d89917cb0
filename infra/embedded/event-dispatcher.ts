import { errorFields } from '../../shared/ports/error-fields.ts'
import type { Log } from '../../shared/ports/log.ts'

/**
 * Runs `round` whenever it is told that there is work, and again until a round finds none; never two at a time.
 * What it is not told of, such as what a killed process left, waits for the loop that wakes it every few seconds.
 */
export class EventDispatcher {
  readonly #round: () => Promise<number>
  readonly #log: Log
  #running: Promise<void> | undefined
  #again = false
  #closed = false

  constructor(options: { round(): Promise<number>; log: Log }) {
    this.#round = options.round
    this.#log = options.log
  }

  /** There is something to publish; returns at once. */
  wake(): void {
    this.#again = true
    if (this.#running !== undefined || this.#closed) return
    this.#running = this.#run().finally(() => {
      this.#running = undefined
      if (this.#again) this.wake()
    })
  }

  /** Wakes it and waits until it has nothing more to do. */
  async drain(): Promise<void> {
    this.wake()
    await this.#running
  }

  /** Lets the round under way end and begins no other. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#running
  }

  async #run(): Promise<void> {
    try {
      do {
        this.#again = false
        if ((await this.#round()) > 0) this.#again = true
      } while (this.#again && !this.#closed)
    } catch (error) {
      this.#again = false
      this.#log.error('publishing failed; it goes on within seconds', errorFields(error))
    }
  }
}
