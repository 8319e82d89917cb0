/** How often the server looks whether who started it is still there. */
const LOOK_EVERY_MS = 500

/** What of `process` decides over a stop. */
export interface StoppedProcess {
  readonly ppid: number
  on(signal: NodeJS.Signals, listener: () => void): unknown
}

/**
 * Calls `stop`, once, with the first reason to end: SIGTERM, SIGINT, SIGHUP (a closed terminal), or, when a package
 * manager started the server, the end of that: it and its shell may go without a word to what they have started. A server
 * that was started by itself outlives whoever did it.
 */
export function watchForStop(
  process: StoppedProcess,
  env: Readonly<Record<string, string | undefined>>,
  stop: (reason: string) => void,
): void {
  let isStopping = false
  const stopOnce = (reason: string): void => {
    if (isStopping) return
    isStopping = true
    clearInterval(look)
    stop(reason)
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => stopOnce(signal))
  }
  const startedBy = process.ppid
  // npm, pnpm and yarn set this for what they run.
  const isWatched = env['npm_lifecycle_event'] !== undefined
  const look = isWatched
    ? setInterval(() => {
        if (process.ppid !== startedBy) stopOnce('what started the server is gone')
      }, LOOK_EVERY_MS).unref()
    : undefined
}
