import { AUDIT_FIELDS, type AuditEntry, type AuditTrail } from '../../ports/audit-trail.ts'
import type { LogLevel } from '../../ports/log.ts'

/** By this member whoever ships lines tells them from the log's. */
const STREAM = 'audit'

/** The audit trail as JSON lines, one for each entry, handed on as text with its line end. */
export class LineAudit implements AuditTrail {
  readonly #write: (line: string) => void
  readonly #nowMs: () => number
  readonly #level: string

  /** Lambda drops lines below its level whatever they are: an audit line is never below `logLevel`. */
  constructor(options: { write(line: string): void; nowMs(): number; logLevel: LogLevel }) {
    this.#write = (line) => options.write(line)
    this.#nowMs = () => options.nowMs()
    this.#level = options.logLevel === 'DEBUG' ? 'INFO' : options.logLevel
  }

  note(entry: AuditEntry): void {
    const timestamp = new Date(this.#nowMs()).toISOString()
    const fields = AUDIT_FIELDS.flatMap((name) => (entry[name] === undefined ? [] : [[name, entry[name]]]))
    const line = { level: this.#level, timestamp, stream: STREAM, ...Object.fromEntries(fields) }
    this.#write(`${JSON.stringify(line)}\n`)
  }
}
