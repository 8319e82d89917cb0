import { errorFields } from '../../shared/ports/error-fields.ts'
import type { Log } from '../../shared/ports/log.ts'

export interface Loop {
  readonly name: string
  readonly everyMs: number
  /** When it runs first, after the start; at once when left out. */
  readonly firstAfterMs?: number
  run(): Promise<void>
}

/**
 * Timers for all loops: each runs at once, or after its first delay, and then every so often, never twice at a
 * time, and a failure of one run is logged and leaves the next. `stop` waits for the runs under way.
 */
export function startLoops(loops: readonly Loop[], log: Log): { stop(): Promise<void> } {
  const running = new Map<string, Promise<void>>()
  const start = (loop: Loop): void => {
    if (running.has(loop.name)) return
    const run = loop
      .run()
      .catch((error: unknown) => {
        log.error(`the ${loop.name} loop failed; it goes on at its next turn`, errorFields(error))
      })
      .finally(() => running.delete(loop.name))
    running.set(loop.name, run)
  }
  const timers = loops.flatMap((loop) => {
    const every = setInterval(() => start(loop), loop.everyMs)
    if (loop.firstAfterMs !== undefined) return [every, setTimeout(() => start(loop), loop.firstAfterMs)]
    start(loop)
    return [every]
  })
  return {
    async stop() {
      // Intervals and timeouts are of one kind (HTML Standard, timers), and cleared alike.
      for (const timer of timers) clearTimeout(timer)
      await Promise.all(running.values())
    },
  }
}
