import { jest } from '@jest/globals'
import { startLoops } from '../../../infra/embedded/loops.ts'
import type { LogFields } from '../../../shared/ports/log.ts'

const errors: (LogFields | undefined)[] = []
const log = {
  debug() {},
  info() {},
  warn() {},
  access() {},
  error: (_: string, fields?: LogFields) => void errors.push(fields),
}

describe('startLoops', () => {
  beforeEach(() => {
    jest.useFakeTimers()
    errors.length = 0
  })
  afterEach(() => jest.useRealTimers())

  it('runs a loop at once and then every so often, until it is stopped', async () => {
    let runs = 0
    const loops = startLoops([{ name: 'a', everyMs: 1000, run: async () => void runs++ }], log)
    expect(runs).toBe(1)
    await jest.advanceTimersByTimeAsync(2500)
    expect(runs).toBe(3)
    await loops.stop()
    await jest.advanceTimersByTimeAsync(5000)
    expect(runs).toBe(3)
  })

  it('runs a loop with a first delay after that, and then every so often', async () => {
    let runs = 0
    const loop = { name: 'daily', everyMs: 10_000, firstAfterMs: 300, run: async () => void runs++ }
    const loops = startLoops([loop], log)
    await jest.advanceTimersByTimeAsync(299)
    expect(runs).toBe(0)
    await jest.advanceTimersByTimeAsync(2)
    expect(runs).toBe(1)
    await jest.advanceTimersByTimeAsync(10_000)
    expect(runs).toBe(2)
    await loops.stop()
  })

  it('never makes a first run after it is stopped', async () => {
    let runs = 0
    const loop = { name: 'daily', everyMs: 10_000, firstAfterMs: 300, run: async () => void runs++ }
    await startLoops([loop], log).stop()
    await jest.advanceTimersByTimeAsync(20_000)
    expect(runs).toBe(0)
  })

  it('starts no second run while one is under way, and waits for it when it stops', async () => {
    const ending = Promise.withResolvers<void>()
    let started = 0
    const run = () => {
      started++
      return ending.promise
    }
    const loops = startLoops([{ name: 'slow', everyMs: 100, run }], log)
    await jest.advanceTimersByTimeAsync(1000)
    expect(started).toBe(1)
    let isStopped = false
    const stopping = loops.stop().then(() => {
      isStopped = true
    })
    await jest.advanceTimersByTimeAsync(0)
    expect(isStopped).toBe(false)
    ending.resolve()
    await stopping
  })

  it('goes on after a run that failed, and says what it was', async () => {
    let runs = 0
    const run = async () => {
      runs++
      throw new TypeError('told')
    }
    const loops = startLoops([{ name: 'failing', everyMs: 100, run }], log)
    await jest.advanceTimersByTimeAsync(250)
    expect(runs).toBe(3)
    expect(errors[0]).toMatchObject({ error: 'TypeError', at: expect.stringContaining('loops.test.ts') })
    await loops.stop()
  })
})
