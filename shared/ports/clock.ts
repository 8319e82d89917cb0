/** Time, passed in so that tests and the simulation decide what it is. */
export interface Clock {
  /** Wall-clock time in epoch milliseconds. It may jump; never use it to measure a duration. */
  nowMs(): number
  /** Milliseconds on a clock that only moves forward, from an arbitrary start. */
  monotonicMs(): number
  /** Resolves after `ms` of this clock's time; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}
