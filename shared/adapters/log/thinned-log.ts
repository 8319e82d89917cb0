import type { Clock } from '../../ports/clock.ts'
import type { Log, LogFields } from '../../ports/log.ts'

/** So many lines of one kind a minute tell what is wrong; a vault of ten thousand connections has as many to say. */
const LINES_A_MINUTE = 10
const MINUTE_MS = 60_000

type Level = 'info' | 'warn' | 'error'

interface Kind {
  readonly level: Level
  untilMs: number
  written: number
  left: number
}

/**
 * A log that writes ten lines of one message a minute and then, in the place of the others, one that says how many
 * there were. What belongs to a request is written in any case: there are no more of those lines than requests.
 */
export class ThinnedLog implements Log {
  readonly #log: Log
  readonly #clock: Pick<Clock, 'monotonicMs'>
  /** By message, of which the code has a limited number. */
  readonly #kinds = new Map<string, Kind>()

  constructor(log: Log, clock: Pick<Clock, 'monotonicMs'>) {
    this.#log = log
    this.#clock = clock
  }

  debug(message: string, fields: LogFields = {}): void {
    this.#log.debug(message, fields)
  }

  info(message: string, fields: LogFields = {}): void {
    this.#write('info', message, fields)
  }

  warn(message: string, fields: LogFields = {}): void {
    this.#write('warn', message, fields)
  }

  error(message: string, fields: LogFields = {}): void {
    this.#write('error', message, fields)
  }

  access(fields: LogFields): void {
    this.tellOthers()
    this.#log.access(fields)
  }

  /** Writes how many lines were left out in minutes that are over: with any line, and when somebody says so. */
  tellOthers(nowMs: number = this.#clock.monotonicMs()): void {
    for (const [message, kind] of this.#kinds) {
      if (kind.untilMs > nowMs) continue
      this.#kinds.delete(message)
      if (kind.left > 0)
        this.#log[kind.level](`${message} (and more within the same minute)`, { count: kind.left })
    }
  }

  #write(level: Level, message: string, fields: LogFields): void {
    const nowMs = this.#clock.monotonicMs()
    this.tellOthers(nowMs)
    if (fields.request_id === undefined && this.#isLeftOut(level, message, nowMs)) return
    this.#log[level](message, fields)
  }

  #isLeftOut(level: Level, message: string, nowMs: number): boolean {
    const kind = this.#kinds.get(message) ?? { level, untilMs: nowMs + MINUTE_MS, written: 0, left: 0 }
    this.#kinds.set(message, kind)
    const isLeftOut = kind.written === LINES_A_MINUTE
    if (isLeftOut) kind.left++
    else kind.written++
    return isLeftOut
  }
}
