import type { Clock } from '../../ports/clock.ts'

/** Long polls of one tenant at a time; past it a follower is told to come again, so that none holds all sockets. */
const MAX_WAITS_PER_TENANT = 100
/** Of all tenants together: each holds a socket and a few hundred bytes. */
const MAX_WAITS = 2_000

/** Requests that wait for the next event of their tenant, and who wakes them. */
export class FeedWaits {
  readonly #clock: Clock
  readonly #waits = new Map<string, Set<AbortController>>()
  #total = 0
  #closed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Resolves when the tenant's feed grows, after `ms`, or at once when too many wait or the process stops: then to
   * false, so that who is not held is told to come again later. `look` begins after the wait is on its list, so that
   * no event can come in between unseen; true ends the wait.
   */
  async until(tenant: string, ms: number, look: () => Promise<boolean>): Promise<boolean> {
    const untilMs = this.#clock.monotonicMs() + ms
    for (;;) {
      const leftMs = untilMs - this.#clock.monotonicMs()
      const wake = this.#enter(tenant)
      try {
        if (await look()) return true
        if (wake === undefined || this.#closed) return false
        if (leftMs <= 0) return true
        await this.#clock.sleep(leftMs, wake.signal).catch(() => undefined)
      } finally {
        this.#leave(tenant, wake)
      }
    }
  }

  /** How many requests wait. */
  get size(): number {
    return this.#total
  }

  /** The tenant's feed has grown. */
  wake(tenant: string): void {
    for (const wait of this.#waits.get(tenant) ?? []) wait.abort()
  }

  /** Ends every wait, and keeps new ones from beginning: the process stops. */
  close(): void {
    this.#closed = true
    for (const tenant of [...this.#waits.keys()]) this.wake(tenant)
  }

  #enter(tenant: string): AbortController | undefined {
    const waits = this.#waits.get(tenant) ?? new Set()
    if (this.#closed || waits.size >= MAX_WAITS_PER_TENANT || this.#total >= MAX_WAITS) return undefined
    const wait = new AbortController()
    this.#waits.set(tenant, waits.add(wait))
    this.#total++
    return wait
  }

  #leave(tenant: string, wait: AbortController | undefined): void {
    if (wait === undefined) return
    const waits = this.#waits.get(tenant)
    if (waits?.delete(wait)) this.#total--
    if (waits?.size === 0) this.#waits.delete(tenant)
  }
}
