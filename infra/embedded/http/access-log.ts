import type { LogFields } from '../../../shared/ports/log.ts'

/** Lines wait this long at most: an operator who watches the log does not notice. */
const FLUSH_AFTER_MS = 200
/** A batch is written early at this size, so that memory stays flat under load. */
const FLUSH_AT_CHARACTERS = 64 * 1024

/**
 * Access lines in batches: one write for many lines, because a synchronous line a request costs more than all
 * the rest of the request. `flush` writes what waits; call it before the process ends.
 */
export function createAccessLog(options: { write(text: string): void; nowMs(): number }): {
  write(fields: LogFields): void
  flush(): void
} {
  let waiting = ''
  let timer: NodeJS.Timeout | undefined
  const flush = (): void => {
    clearTimeout(timer)
    timer = undefined
    if (waiting === '') return
    options.write(waiting)
    waiting = ''
  }
  return {
    write(fields) {
      const timestamp = new Date(options.nowMs()).toISOString()
      waiting += `${JSON.stringify({ level: 'INFO', timestamp, message: 'request', ...fields })}\n`
      if (waiting.length >= FLUSH_AT_CHARACTERS) flush()
      timer ??= setTimeout(flush, FLUSH_AFTER_MS).unref()
    },
    flush,
  }
}
