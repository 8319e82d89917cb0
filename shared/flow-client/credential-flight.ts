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
    try {
      return await (signal === undefined ? this.result : untilAborted(signal, this.result))
    } finally {
      this.#waiting -= 1
      if (this.#waiting === 0 && !this.#kept) this.#controller.abort(new Error('nobody waits for the answer'))
    }
  }
}

/** What the promise comes to, or the signal's reason, whichever is first. */
export async function untilAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  signal.throwIfAborted()
  let stop: (() => void) | undefined
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([promise, stopped])
  } finally {
    signal.removeEventListener('abort', stop!)
  }
}
