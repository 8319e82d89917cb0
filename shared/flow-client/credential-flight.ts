/**
 * One request that several callers wait for. Each caller's signal ends its own wait; the request ends when nobody
 * waits any more, unless the vault is asked in the background.
 */
export class CredentialFlight<T> {
  /** Its place in the order of requests and of news about the connection. */
  readonly order: number
  readonly minTtlMs: number
  readonly result: Promise<T>
  readonly #controller = new AbortController()
  #waiting = 0
  #kept = false

  constructor(start: { order: number; minTtlMs: number }, run: (signal: AbortSignal) => Promise<T>) {
    this.order = start.order
    this.minTtlMs = start.minTtlMs
    this.result = run(this.#controller.signal)
    // Whoever waits sees the failure; one that nobody waits for must not end the process.
    this.result.catch(() => {})
  }

  /** Whether it was given up because nobody waited: its failure is nobody else's. */
  get abandoned(): boolean {
    return this.#controller.signal.aborted
  }

  /** Goes on although nobody waits. */
  keep(): void {
    this.#kept = true
  }

  async wait(signal?: AbortSignal): Promise<T> {
    this.#waiting += 1
    let stop: (() => void) | undefined
    try {
      if (signal === undefined) return await this.result
      signal.throwIfAborted()
      const stopped = new Promise<never>((_, reject) => {
        stop = () => reject(signal.reason)
        signal.addEventListener('abort', stop, { once: true })
      })
      return await Promise.race([this.result, stopped])
    } finally {
      if (stop !== undefined) signal?.removeEventListener('abort', stop)
      this.#waiting -= 1
      if (this.#waiting === 0 && !this.#kept) this.#controller.abort(new Error('nobody waits for the answer'))
    }
  }
}
