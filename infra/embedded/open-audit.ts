import fs from 'node:fs'
import { LineAudit } from '../../shared/adapters/log/line-audit.ts'
import { type AuditTrail, NO_AUDIT } from '../../shared/ports/audit-trail.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import { errorFields } from '../../shared/ports/error-fields.ts'
import type { Log, LogLevel } from '../../shared/ports/log.ts'
import { SettingsError } from '../../shared/settings/read-environment.ts'

/** Lines of fetches wait this long at most, to be written together; a process that is killed loses them. */
const FLUSH_AFTER_MS = 200
const FLUSH_AT_CHARACTERS = 64 * 1024
/** While the file takes nothing, so much is kept in memory; then lines are dropped, and the log says how many. */
const MAX_WAITING_CHARACTERS = 8 * 1024 * 1024
const COMPLAIN_EVERY_MS = 60_000

/** The trail, and what writes down the lines that wait; call it before the process ends. */
export interface OpenAudit {
  readonly audit: AuditTrail
  flush(): void
}

/**
 * The audit trail of the setting: `off`, `stdout`, or a file, which is appended to by its name each time, so that it
 * may be moved away while the vault runs. Throws `SettingsError` when the file cannot be written.
 */
export function openAudit(
  where: string,
  world: { clock: Pick<Clock, 'nowMs'>; log: Log; logLevel: LogLevel; writeOut(text: string): void },
): OpenAudit {
  if (where === 'off') return { audit: NO_AUDIT, flush: () => undefined }
  const append = (text: string) => fs.appendFileSync(where, text, { mode: 0o600 })
  if (where !== 'stdout') requireWritable(where, append)
  const lines = new WaitingLines(where === 'stdout' ? (text) => world.writeOut(text) : append, world)
  const trail = new LineAudit({
    write: (line) => lines.add(line),
    nowMs: () => world.clock.nowMs(),
    logLevel: world.logLevel,
  })
  const audit: AuditTrail = {
    note(entry) {
      trail.note(entry)
      // What people do is rare, and is not lost with the process.
      if (entry.kind === 'change' || entry.kind === 'administration') lines.flush()
    },
  }
  return { audit, flush: () => lines.flush() }
}

function requireWritable(file: string, append: (text: string) => void): void {
  try {
    append('')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown reason'
    throw new SettingsError(`FLOW_VAULT_AUDIT is "${file}", which cannot be written (${code}).`)
  }
}

class WaitingLines {
  readonly #write: (text: string) => void
  readonly #world: { readonly clock: Pick<Clock, 'nowMs'>; readonly log: Log }
  #waiting = ''
  #dropped = 0
  #complainedAtMs = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined

  constructor(write: (text: string) => void, world: { clock: Pick<Clock, 'nowMs'>; log: Log }) {
    this.#write = write
    this.#world = world
  }

  add(line: string): void {
    if (this.#waiting.length + line.length > MAX_WAITING_CHARACTERS) this.#dropped += 1
    else this.#waiting += line
    if (this.#waiting.length >= FLUSH_AT_CHARACTERS) this.flush()
    this.#timer ??= setTimeout(() => this.flush(), FLUSH_AFTER_MS).unref()
  }

  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#waiting === '') return
    try {
      this.#write(this.#waiting)
      this.#waiting = ''
    } catch (error) {
      this.#complain(error)
    }
  }

  #complain(error: unknown): void {
    const nowMs = this.#world.clock.nowMs()
    if (nowMs - this.#complainedAtMs < COMPLAIN_EVERY_MS) return
    this.#complainedAtMs = nowMs
    this.#world.log.error('audit lines cannot be written and wait in memory', {
      failed: this.#dropped,
      ...errorFields(error),
    })
  }
}
