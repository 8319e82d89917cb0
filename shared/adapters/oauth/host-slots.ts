import type { Deadline } from './deadline.ts'

/** A place among the calls to one host; to be given back. */
export type ReleaseSlot = () => void

/**
 * Bounds how many calls go to one host at a time; the others wait in turn. It counts calls and not sockets, because
 * node's agent does not count a connection that is still being made.
 */
export class HostSlots {
  readonly #limit: number
  readonly #inUse = new Map<string, number>()
  readonly #waiting = new Map<string, Set<() => void>>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Resolves to the slot's release, or to undefined when the deadline fires first. */
  async take(host: string, deadline: Deadline): Promise<ReleaseSlot | undefined> {
    if (deadline.signal.aborted) return undefined
    const inUse = this.#inUse.get(host) ?? 0
    if (inUse < this.#limit) {
      this.#inUse.set(host, inUse + 1)
      return () => this.#release(host)
    }
    const queue = this.#waiting.get(host) ?? new Set()
    this.#waiting.set(host, queue)
    return new Promise((resolve) => {
      const onTurn = () => {
        deadline.signal.removeEventListener('abort', onDeadline)
        resolve(() => this.#release(host))
      }
      const onDeadline = () => {
        queue.delete(onTurn)
        resolve(undefined)
      }
      queue.add(onTurn)
      deadline.signal.addEventListener('abort', onDeadline, { once: true })
    })
  }

  /** Hands the slot to whoever waits longest; a host without calls is forgotten. */
  #release(host: string): void {
    const queue = this.#waiting.get(host)
    const [next] = queue ?? []
    if (queue !== undefined && next !== undefined) {
      queue.delete(next)
      next()
      return
    }
    this.#waiting.delete(host)
    const inUse = (this.#inUse.get(host) ?? 1) - 1
    if (inUse === 0) this.#inUse.delete(host)
    else this.#inUse.set(host, inUse)
  }
}
