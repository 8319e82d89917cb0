import { randomBytes } from 'node:crypto'
import type { Random } from '../../ports/random.ts'

/** Chance from the operating system: the only place that draws any. */
export class SystemRandom implements Random {
  bytes(length: number): Uint8Array {
    return randomBytes(length)
  }

  /** Good enough to spread load; anything an attacker must not guess takes `bytes`. */
  fraction(): number {
    return Math.random()
  }
}
