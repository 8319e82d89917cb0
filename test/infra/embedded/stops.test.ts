import { EventEmitter } from 'node:events'
import { jest } from '@jest/globals'
import { watchForStop } from '../../../infra/embedded/stops.ts'

class FakeProcess extends EventEmitter {
  ppid = 100
}

let fake: FakeProcess
let reasons: string[]
const watch = (env: Record<string, string>) => watchForStop(fake, env, (reason) => void reasons.push(reason))

beforeEach(() => {
  jest.useFakeTimers()
  fake = new FakeProcess()
  reasons = []
})

afterEach(() => jest.useRealTimers())

describe('watchForStop', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'])('stops at %s, once', (signal) => {
    watch({})
    fake.emit(signal)
    fake.emit(signal)
    fake.emit('SIGTERM')
    expect(reasons).toEqual([signal])
  })

  it('stops within a second when the package manager that started it is gone', () => {
    watch({ npm_lifecycle_event: 'start' })
    jest.advanceTimersByTime(5_000)
    expect(reasons).toEqual([])
    fake.ppid = 1
    jest.advanceTimersByTime(1_000)
    expect(reasons).toEqual(['what started the server is gone'])
    fake.emit('SIGTERM')
    expect(reasons).toHaveLength(1)
    expect(jest.getTimerCount()).toBe(0)
  })

  it('outlives whoever started it when that was no package manager', () => {
    watch({})
    fake.ppid = 1
    jest.advanceTimersByTime(5_000)
    expect(reasons).toEqual([])
  })
})
