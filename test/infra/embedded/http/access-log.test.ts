import { jest } from '@jest/globals'
import { createAccessLog } from '../../../../infra/embedded/http/access-log.ts'

const NOW_MS = Date.UTC(2030, 0, 1)

let written: string[]

function open() {
  return createAccessLog({ write: (text) => written.push(text), nowMs: () => NOW_MS })
}

beforeEach(() => {
  written = []
  jest.useFakeTimers()
})

afterEach(() => {
  jest.useRealTimers()
})

describe('createAccessLog', () => {
  test('writes one line of JSON an entry, with its time', () => {
    const log = open()
    log.write({ route: 'get-connection', status: 200, tenant: undefined })
    log.flush()
    expect(written).toHaveLength(1)
    expect(JSON.parse(written[0]!)).toEqual({
      level: 'INFO',
      timestamp: '2030-01-01T00:00:00.000Z',
      message: 'request',
      route: 'get-connection',
      status: 200,
    })
    expect(written[0]).toMatch(/^\{.*\}\n$/)
  })

  test('cannot be made to write a second line by what is in a field', () => {
    const log = open()
    log.write({ client: 'a\n{"level":"ERROR"}\r\u001b[2J' })
    log.flush()
    expect(written.join('').split('\n')).toHaveLength(2)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there.
    expect(written.join('').trimEnd()).not.toMatch(/[\x00-\x1f]/)
  })

  test('gathers what comes within 200 ms into one write, in order', () => {
    const log = open()
    log.write({ count: 1 })
    jest.advanceTimersByTime(199)
    log.write({ count: 2 })
    expect(written).toEqual([])
    jest.advanceTimersByTime(1)
    expect(written).toHaveLength(1)
    expect(
      written[0]!
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).count),
    ).toEqual([1, 2])
    log.write({ count: 3 })
    jest.advanceTimersByTime(200)
    expect(written).toHaveLength(2)
  })

  test('does not gather more than 64 KiB', () => {
    const log = open()
    for (let line = 0; written.length === 0 && line < 1000; line++) log.write({ reason: 'x'.repeat(1000) })
    expect(written).toHaveLength(1)
    expect(written[0]!.length).toBeGreaterThanOrEqual(64 * 1024)
    expect(written[0]!.length).toBeLessThan(66 * 1024)
  })

  test('writes nothing when nothing waits', () => {
    const log = open()
    log.flush()
    jest.advanceTimersByTime(1000)
    expect(written).toEqual([])
  })
})
