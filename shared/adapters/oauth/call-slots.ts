import { type Share, SharesInUse } from '../memory/shares-in-use.ts'
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
  readonly #inUse = new SharesInUse()
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
    const places = this.#places(caller)
    this.#inUse.take(places)
    return () => {
      this.#inUse.give(places)
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
    return this.#inUse.fits(this.#places(caller))
  }

  #places({ tenant, host }: Caller): Share[] {
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
