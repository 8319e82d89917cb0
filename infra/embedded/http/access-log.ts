import type { LogFields } from '../../../shared/ports/log.ts'
import { LineBatch } from '../line-batch.ts'

/** Access lines, written in batches. `flush` writes what waits; call it before the process ends. */
export function createAccessLog(options: { write(text: string): void; nowMs(): number }): {
  write(fields: LogFields): void
  flush(): void
} {
  const lines = new LineBatch((text) => {
    options.write(text)
    return true
  })
  return {
    write(fields) {
      const timestamp = new Date(options.nowMs()).toISOString()
      lines.add(`${JSON.stringify({ level: 'INFO', timestamp, message: 'request', ...fields })}\n`)
    },
    flush: () => lines.flush(),
  }
}
