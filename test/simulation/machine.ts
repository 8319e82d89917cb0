import type { Clock } from '../../shared/ports/clock.ts'
import type { Scheduled, VirtualTime } from './virtual-time.ts'

/** A machine that runs one process after the other; its wall clock may be wrong, and jump. */
export class Machine {
  readonly name: string
  readonly time: VirtualTime
  /** How far its wall clock is from true time. */
  offsetMs = 0
  current: SimulatedProcess
  #generation = 0

  constructor(name: string, time: VirtualTime) {
    this.name = name
    this.time = time
    this.current = new SimulatedProcess(this, `${name}.0`)
  }

  /** Ends the process in the middle of whatever it does, and begins a new one after `downMs`. */
  crash(downMs: number): void {
    if (!this.current.isAlive) return
    this.current.isAlive = false
    this.time.after(downMs, () => {
      this.#generation++
      this.current = new SimulatedProcess(this, `${this.name}.${this.#generation}`)
    })
  }
}

/** One run of the program on a machine: when it is dead nothing it awaits goes on, and while it stalls neither. */
export class SimulatedProcess implements Clock {
  readonly machine: Machine
  readonly name: string
  isAlive = true
  stalledUntilMs = 0
  readonly #bootMs: number

  constructor(machine: Machine, name: string) {
    this.machine = machine
    this.name = name
    this.#bootMs = machine.time.nowMs
  }

  get isRunning(): boolean {
    return this.isAlive && this.machine.time.nowMs >= this.stalledUntilMs
  }

  nowMs(): number {
    return Math.floor(this.machine.time.nowMs + this.machine.offsetMs)
  }

  monotonicMs(): number {
    return this.machine.time.nowMs - this.#bootMs
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const waking = this.goOn(ms, resolve)
      signal?.addEventListener('abort', () => {
        waking.cancel()
        reject(signal.reason)
      })
    })
  }

  /** Pauses everything the process does, as a garbage collection or a frozen machine would. */
  stall(ms: number): void {
    this.stalledUntilMs = Math.max(this.stalledUntilMs, this.machine.time.nowMs + ms)
  }

  /** Calls `act` after `ms`, later while the process stalls, never once it is dead. */
  goOn(ms: number, act: () => void): Scheduled {
    const { time } = this.machine
    let next = time.after(ms, () => {
      if (!this.isAlive) return
      if (time.nowMs >= this.stalledUntilMs) act()
      else next = this.goOn(this.stalledUntilMs - time.nowMs, act)
    })
    return { cancel: () => next.cancel() }
  }

  /** What comes back to this process from outside: `answer` after `ms`, or never. */
  receive<T>(ms: number, answer: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.goOn(ms, () => {
        try {
          resolve(answer())
        } catch (error) {
          reject(error)
        }
      })
    })
  }
}
