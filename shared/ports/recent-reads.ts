import type { Clock } from './clock.ts'
import { SingleFlight } from './single-flight.ts'

/** Keys remembered; past it all are forgotten and read again when needed. */
const MAX_KEYS = 10_000

interface Known<Value> {
  readonly value: Value
  readonly readAtMs: number
}

/**
 * What a store says, by key, no older than `maxAgeMs`, and read once however many ask. When the store does not answer,
 * so does this: what stops somebody must not be overlooked because nobody could look.
 */
export class RecentReads<Value> {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #maxAgeMs: number
  readonly #read: (key: string) => Promise<Value>
  readonly #known = new Map<string, Known<Value>>()
  readonly #reading = new SingleFlight<Value>()
  /** Rises with each `forget`: a read from before one may lack what was changed. */
  #generation = 0

  constructor({
    clock,
    maxAgeMs,
    read,
  }: {
    clock: Pick<Clock, 'monotonicMs'>
    maxAgeMs: number
    read: (key: string) => Promise<Value>
  }) {
    this.#clock = clock
    this.#maxAgeMs = maxAgeMs
    this.#read = read
  }

  /** What is known of it, read anew when that is too old. Throws what `read` throws. */
  async get(key: string): Promise<Value> {
    const known = this.#known.get(key)
    if (known !== undefined && this.#clock.monotonicMs() - known.readAtMs < this.#maxAgeMs) return known.value
    const generation = this.#generation
    return this.#reading.run(`${generation} ${key}`, async () => {
      // The age counts from before the read, or a slow answer would count as younger than it is.
      const readAtMs = this.#clock.monotonicMs()
      const value = await this.#read(key)
      if (generation !== this.#generation) return value
      if (this.#known.size >= MAX_KEYS) this.#known.clear()
      this.#known.set(key, { value, readAtMs })
      return value
    })
  }

  /** Forgets it, so that the process that changes it obeys at once. */
  forget(key: string): void {
    this.#generation++
    this.#known.delete(key)
  }

  /** All that is remembered, however old. */
  values(): readonly Value[] {
    return [...this.#known.values()].map(({ value }) => value)
  }
}
