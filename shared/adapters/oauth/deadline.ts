import type { Clock } from '../../ports/clock.ts'

/** What ended a wait early. */
export type DeadlineReason = 'timeout' | 'aborted'

/** A signal that fires when the time is up or the caller gives up, whichever is first. */
export interface Deadline {
  readonly signal: AbortSignal
  /** Undefined while the deadline has not fired. */
  reason(): DeadlineReason | undefined
  /** Ends the wait; must be called once, or the timer keeps running. */
  stop(): void
}

/** Starts a deadline of `ms` on the given clock, cut short by `outer`. */
export function startDeadline(clock: Clock, ms: number, outer?: AbortSignal): Deadline {
  const fired = new AbortController()
  const stopped = new AbortController()
  let reason: DeadlineReason | undefined
  const fire = (why: DeadlineReason) => {
    if (reason !== undefined || stopped.signal.aborted) return
    reason = why
    fired.abort()
  }
  const onOuterAbort = () => fire('aborted')
  if (outer?.aborted) onOuterAbort()
  outer?.addEventListener('abort', onOuterAbort, { once: true })
  // The sleep rejects only when it is stopped, which is not a failure.
  clock.sleep(ms, stopped.signal).then(
    () => fire('timeout'),
    () => undefined,
  )
  return {
    signal: fired.signal,
    reason: () => reason,
    stop() {
      outer?.removeEventListener('abort', onOuterAbort)
      stopped.abort()
    },
  }
}

/** Settles with `work`, or resolves to undefined as soon as the deadline fires; `work` itself is not stopped. */
export async function beforeDeadline<T>(work: Promise<T>, deadline: Deadline): Promise<T | undefined> {
  if (deadline.signal.aborted) return undefined
  let onAbort: (() => void) | undefined
  const fired = new Promise<undefined>((resolve) => {
    onAbort = () => resolve(undefined)
    deadline.signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([work, fired])
  } finally {
    if (onAbort) deadline.signal.removeEventListener('abort', onAbort)
  }
}
