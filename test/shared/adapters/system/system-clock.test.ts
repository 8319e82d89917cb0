import { getEventListeners } from 'node:events'
import { SystemClock } from '../../../../shared/adapters/system/system-clock.ts'

const AN_HOUR_MS = 3_600_000

describe('SystemClock', () => {
  const clock = new SystemClock()

  it('reads the wall clock in epoch milliseconds', () => {
    const beforeMs = Date.now()
    const readMs = clock.nowMs()
    expect(readMs).toBeGreaterThanOrEqual(beforeMs)
    expect(readMs).toBeLessThanOrEqual(Date.now())
  })

  it('sleeps for at least as long as its own monotonic clock says', async () => {
    const startedMs = clock.monotonicMs()
    await clock.sleep(15)
    expect(clock.monotonicMs() - startedMs).toBeGreaterThanOrEqual(15)
  })

  it('answers a sleep of nothing, or less, without a timer', async () => {
    await clock.sleep(0)
    await clock.sleep(-5)
  })

  it('rejects with the reason of the signal when that aborts first, and leaves no listener behind', async () => {
    const controller = new AbortController()
    const slept = clock.sleep(AN_HOUR_MS, controller.signal)
    controller.abort(new Error('shutting down'))
    await expect(slept).rejects.toThrow('shutting down')
    await expect(clock.sleep(AN_HOUR_MS, controller.signal)).rejects.toThrow('shutting down')
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })

  it('drops its listener when the sleep ends by itself, so that one signal can serve many sleeps', async () => {
    const { signal } = new AbortController()
    await clock.sleep(1, signal)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  it('does not end at once when the wait is longer than a timer can be', async () => {
    const controller = new AbortController()
    const outcome = clock.sleep(1e12, controller.signal).then(
      () => 'slept',
      () => 'aborted',
    )
    await clock.sleep(10)
    controller.abort()
    await expect(outcome).resolves.toBe('aborted')
  })
})
