/** A part of what there is of something, and how much of it may be in use. */
export interface Share {
  readonly name: string
  readonly limit: number
}

/** How much of each share is in use in this process; a share of which nothing is in use is forgotten. */
export class SharesInUse {
  readonly #inUse = new Map<string, number>()

  /** Whether that much fits into each of them. */
  fits(shares: readonly Share[], amount = 1): boolean {
    return shares.every(({ name, limit }) => this.#of(name) + amount <= limit)
  }

  /** Takes so much of each, whether it fits or not. */
  take(shares: readonly Share[], amount = 1): void {
    for (const { name } of shares) this.#inUse.set(name, this.#of(name) + amount)
  }

  /** Gives back what was taken. */
  give(shares: readonly Share[], amount = 1): void {
    for (const { name } of shares) {
      const left = this.#of(name) - amount
      if (left > 0) this.#inUse.set(name, left)
      else this.#inUse.delete(name)
    }
  }

  #of(name: string): number {
    return this.#inUse.get(name) ?? 0
  }
}
