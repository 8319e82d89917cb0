import type { Random } from '../../shared/ports/random.ts'

/** Seeded chance (xorshift128 over a hashed seed): one seed, one simulation, on every machine. */
export class Chance implements Random {
  #a: number
  #b: number
  #c: number
  #d: number

  constructor(seed: number) {
    let state = seed >>> 0
    const next = () => {
      state = (state + 0x9e3779b9) >>> 0
      let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
      return (mixed ^ (mixed >>> 15)) >>> 0
    }
    this.#a = next()
    this.#b = next()
    this.#c = next()
    this.#d = next() | 1
  }

  #next(): number {
    const mixed = this.#d ^ (this.#d << 11)
    this.#d = this.#c
    this.#c = this.#b
    this.#b = this.#a
    this.#a = (this.#a ^ (this.#a >>> 19) ^ mixed ^ (mixed >>> 8)) >>> 0
    return this.#a
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#next() & 0xff)
  }

  fraction(): number {
    return this.#next() / 2 ** 32
  }

  /** True with that probability. */
  happens(probability: number): boolean {
    return probability > 0 && this.fraction() < probability
  }

  /** A number in [from, to). */
  between(from: number, to: number): number {
    return from + this.fraction() * (to - from)
  }

  /** A whole number in [0, below). */
  below(below: number): number {
    return Math.floor(this.fraction() * below)
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!
  }

  /** Mostly short, sometimes very long: `typicalMs` times up to a hundred. */
  latencyMs(typicalMs: number): number {
    return Math.ceil(typicalMs * Math.min(100, 0.5 / (1 - this.fraction())))
  }
}
