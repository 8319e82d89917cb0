import type { Deadline } from './deadline.ts'

/** A place among the calls under way; to be given back. */
export type ReleaseSlot = () => void

/** Whose call it is, and where it goes. */
export interface Caller {
  readonly tenant: string
  readonly host: string
}

/** How many calls may be under way: in all, of one tenant, to one host, and of one tenant to one host. */
export interface CallLimits {
  readonly all: number
  readonly tenant: number
  readonly host: number
  readonly tenantAtHost: number
}

interface Line extends Caller {
  /** Those who wait, the longest first. */
  readonly turns: Set<() => void>
}

/**
 * Bounds how many calls are under way; the others wait in turn, and tenants take turns with each other. One whose
 * hosts hang holds its own places and leaves the rest. It counts calls and not sockets, because node's agent does not
 * count a connection that is still being made.
 */
export class CallSlots {
  readonly #limits: CallLimits
  readonly #inUse = new Map<string, number>()
  readonly #lines = new Map<string, Line>()

  constructor(limits: CallLimits) {
    this.#limits = limits
  }

  /** Resolves to the slot's release, or to undefined when the deadline fires first. */
  async take(caller: Caller, deadline: Deadline): Promise<ReleaseSlot | undefined> {
    if (deadline.signal.aborted) return undefined
    if (this.#fits(caller)) return this.#start(caller)
    const name = lineName(caller)
    const line = this.#lines.get(name) ?? { ...caller, turns: new Set() }
    this.#lines.set(name, line)
    return new Promise((resolve) => {
      const onTurn = () => {
        deadline.signal.removeEventListener('abort', onDeadline)
        resolve(this.#start(caller))
      }
      const onDeadline = () => {
        line.turns.delete(onTurn)
        if (line.turns.size === 0) this.#lines.delete(name)
        resolve(undefined)
      }
      line.turns.add(onTurn)
      deadline.signal.addEventListener('abort', onDeadline, { once: true })
    })
  }

  #start(caller: Caller): ReleaseSlot {
    for (const { name } of this.#places(caller)) this.#inUse.set(name, (this.#inUse.get(name) ?? 0) + 1)
    return () => {
      for (const { name } of this.#places(caller)) {
        const left = (this.#inUse.get(name) ?? 1) - 1
        if (left === 0) this.#inUse.delete(name)
        else this.#inUse.set(name, left)
      }
      this.#callNext()
    }
  }

  /** One of each line that fits now; those lines go to the end. */
  #callNext(): void {
    for (const [name, line] of [...this.#lines]) {
      const [turn] = line.turns
      if (turn === undefined || !this.#fits(line)) continue
      line.turns.delete(turn)
      this.#lines.delete(name)
      if (line.turns.size > 0) this.#lines.set(name, line)
      turn()
    }
  }

  #fits(caller: Caller): boolean {
    return this.#places(caller).every(({ name, limit }) => (this.#inUse.get(name) ?? 0) < limit)
  }

  #places({ tenant, host }: Caller): { name: string; limit: number }[] {
    const { all, tenant: ofTenant, host: atHost, tenantAtHost } = this.#limits
    return [
      { name: 'all', limit: all },
      { name: `tenant ${tenant}`, limit: ofTenant },
      { name: `host ${host}`, limit: atHost },
      { name: lineName({ tenant, host }), limit: tenantAtHost },
    ]
  }
}

function lineName({ tenant, host }: Caller): string {
  return `line ${tenant} ${host}`
}
