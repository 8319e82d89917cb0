import type { ClientSystem } from './system.ts'

/**
 * Milliseconds gone by, as the larger of what the monotonic and the wall clock say. While a sandbox is suspended the
 * monotonic clock may stand still, and the wall clock may be set back: each alone would hand out a token past its
 * end. Erring this way only asks the vault sooner. Never goes back.
 */
export class ElapsedClock {
  readonly #system: ClientSystem
  #wallMs: number
  #monotonicMs: number
  #elapsedMs = 0

  constructor(system: ClientSystem) {
    this.#system = system
    this.#wallMs = system.wallMs()
    this.#monotonicMs = system.monotonicMs()
  }

  nowMs(): number {
    const wallMs = this.#system.wallMs()
    const monotonicMs = this.#system.monotonicMs()
    const step = Math.max(wallMs - this.#wallMs, monotonicMs - this.#monotonicMs, 0)
    this.#wallMs = wallMs
    this.#monotonicMs = monotonicMs
    this.#elapsedMs += step
    return this.#elapsedMs
  }
}
