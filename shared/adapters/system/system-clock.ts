import type { Clock } from '../../ports/clock.ts'

/** The longest delay `setTimeout` takes, in ms (2^31 - 1); it fires at once for anything longer. */
const MAX_TIMER_MS = 2_147_483_647

/** This machine's clock: the only place that reads the time or waits for it to pass. */
export class SystemClock implements Clock {
  nowMs(): number {
    return Date.now()
  }

  monotonicMs(): number {
    return performance.now()
  }

  /** Waits in the event loop and keeps the process alive meanwhile, unless `signal` ends the wait. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason)
        return
      }
      const endsAtMs = this.monotonicMs() + ms
      let timer: NodeJS.Timeout
      const abort = () => {
        clearTimeout(timer)
        reject(signal?.reason)
      }
      const wait = () => {
        const leftMs = endsAtMs - this.monotonicMs()
        if (leftMs <= 0) {
          signal?.removeEventListener('abort', abort)
          resolve()
          return
        }
        timer = setTimeout(wait, Math.min(Math.ceil(leftMs), MAX_TIMER_MS))
      }
      signal?.addEventListener('abort', abort, { once: true })
      wait()
    })
  }
}
