import fs from 'node:fs'
import { LineAudit } from '../../shared/adapters/log/line-audit.ts'
import { type AuditTrail, NO_AUDIT } from '../../shared/ports/audit-trail.ts'
import type { Clock } from '../../shared/ports/clock.ts'
import { errorFields } from '../../shared/ports/error-fields.ts'
import type { Log, LogLevel } from '../../shared/ports/log.ts'
import { SettingsError } from '../../shared/settings/read-environment.ts'
import { LineBatch } from './line-batch.ts'

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
    throw new SettingsError(
      `FLOW_VAULT_AUDIT="${file}" is not valid (${code}). Allowed: off, stdout, or a file that this user may write, in a folder that is there.`,
    )
  }
}

/** Lines that are kept, as far as there is room for them, while they cannot be written. */
class WaitingLines {
  readonly #world: { readonly clock: Pick<Clock, 'nowMs'>; readonly log: Log }
  readonly #lines: LineBatch
  #dropped = 0
  #complainedAtMs = Number.NEGATIVE_INFINITY

  constructor(write: (text: string) => void, world: { clock: Pick<Clock, 'nowMs'>; log: Log }) {
    this.#world = world
    this.#lines = new LineBatch((text) => {
      try {
        write(text)
        return true
      } catch (error) {
        this.#complain(error)
        return false
      }
    })
  }

  add(line: string): void {
    const isRoom = this.#lines.length + line.length <= MAX_WAITING_CHARACTERS
    if (!isRoom) this.#dropped += 1
    // Without room it is tried all the same whether what waits can be written now.
    this.#lines.add(isRoom ? line : '')
  }

  flush(): void {
    this.#lines.flush()
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
