/** What the client needs of the machine it runs on: two clocks, a pause, and chance. Tests pass their own. */
export interface ClientSystem {
  /** Epoch milliseconds. A person or a time server may set it forward or back. */
  wallMs(): number
  /** Milliseconds from any origin, never going back. It may stand still while a sandbox is frozen. */
  monotonicMs(): number
  /** A number in [0, 1). */
  random(): number
  /** Resolves after `ms`; rejects with the signal's reason when that comes first. */
  pause(ms: number, signal?: AbortSignal): Promise<void>
  /** The name of the Lambda function that this runs in; undefined elsewhere. */
  functionName?(): string | undefined
}

/**
 * The machine itself. Nothing is touched before the first call: edge runtimes refuse clocks and timers while a module
 * loads, and a Lambda sandbox may be frozen right after.
 */
export const SYSTEM: ClientSystem = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  random: () => Math.random(),
  functionName: () => {
    const { process } = globalThis as { process?: { env?: Readonly<Record<string, string | undefined>> } }
    return process?.env?.['AWS_LAMBDA_FUNCTION_NAME']
  },
  pause: (ms, signal) =>
    new Promise<void>((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason)
        return
      }
      const stop = (): void => {
        clearTimeout(timer)
        reject(signal?.reason)
      }
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', stop)
        resolve()
      }, ms)
      signal?.addEventListener('abort', stop, { once: true })
    }),
}
