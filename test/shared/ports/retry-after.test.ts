import { retryAfterMs } from '../../../shared/ports/retry-after.ts'

const NOON_MS = Date.UTC(2026, 10, 29, 12)
const HOUR_MS = 3_600_000

describe('retryAfterMs', () => {
  it.each([
    ['0', 0],
    ['120', 120_000],
    [' 120 ', 120_000],
    ['2.0', 2_000],
    ['0.65', 650],
    ['7.', 7_000],
    ['3601', HOUR_MS],
    ['99999999999999999999', HOUR_MS],
    ['Sun, 29 Nov 2026 12:02:00 GMT', 120_000],
    ['Sun, 29 Nov 2026 11:00:00 GMT', 0],
    ['Sunday, 29-Nov-26 12:02:00 GMT', 120_000],
    ['Sun Nov 29 12:02:00 2026', 120_000],
    ['Sun, 29 Nov 2026 12:02:00 UTC', 120_000],
    ['Sun, 29 Nov 2026 13:02:00 +0100', 120_000],
    ['2026-11-29T12:02:00Z', 120_000],
    ['2026-11-29T12:02:00', 120_000],
    ['2026-11-29T13:02:00+01:00', 120_000],
  ])('reads %j', (header, waitMs) => {
    expect(retryAfterMs(header, NOON_MS)).toBe(waitMs)
  })

  it.each([
    undefined,
    '',
    ' ',
    '-5',
    'soon',
    '1e3',
    '0x10',
    '1,5',
    '12 apples',
    'Sunday, soon',
    'Try again in 5',
  ])('finds no wait in %j', (header) => {
    expect(retryAfterMs(header, NOON_MS)).toBeUndefined()
  })

  it('is capped by what the caller waits at most', () => {
    expect(retryAfterMs('9', NOON_MS, 4_000)).toBe(4_000)
  })
})
