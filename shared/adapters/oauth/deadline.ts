import type { Clock } from '../../ports/clock.ts'

/** A timer this late was not delayed by other work: the process stood still, as a stopped or a moved machine does. */
const STOOD_STILL_MS = 1_000
/** What arrived while the process stood still is read before its time is called up; it needs no more than this. */
const READ_AFTER_STANDSTILL_MS = 1_000

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

/** Without a reason node makes a DOMException with a stack for each, which nobody would read. */
const STOPPED = 'the wait is over'

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
  // The wait rejects only when it is stopped, which is not a failure.
  timePasses(clock, ms, stopped.signal).then(
    () => fire('timeout'),
    () => undefined,
  )
  return {
    signal: fired.signal,
    reason: () => reason,
    stop() {
      outer?.removeEventListener('abort', onOuterAbort)
      stopped.abort(STOPPED)
    },
  }
}

/**
 * Waits for `ms`. The event loop runs timers before it reads sockets: after a standstill, a timer that fires at once
 * would throw away an answer that is already there, and with it a refresh token that exists nowhere else.
 */
async function timePasses(clock: Clock, ms: number, stopped: AbortSignal): Promise<void> {
  const endsAtMs = clock.monotonicMs() + ms
  await clock.sleep(ms, stopped)
  if (clock.monotonicMs() - endsAtMs >= STOOD_STILL_MS) await clock.sleep(READ_AFTER_STANDSTILL_MS, stopped)
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
