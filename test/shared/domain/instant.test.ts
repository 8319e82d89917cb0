import { isoInstantMs, queryInstantMs } from '../../../shared/domain/instant.ts'

describe('isoInstantMs', () => {
  it.each([
    ['2026-12-01T09:00:00Z', Date.UTC(2026, 11, 1, 9)],
    ['2026-12-01T09:00:00.123456789Z', Date.UTC(2026, 11, 1, 9, 0, 0, 123)],
    ['2026-12-01T01:00:00+02:00', Date.UTC(2026, 10, 30, 23)],
    ['2028-02-29T23:59:59-11:00', Date.UTC(2028, 2, 1, 10, 59, 59)],
  ])('reads %s', (text, ms) => {
    expect(isoInstantMs(text)).toBe(ms)
  })

  it.each([
    ['a day alone', '2026-12-01'],
    ['no zone', '2026-12-01T09:00:00'],
    ['a plus that became a blank', '2026-12-01T09:00:00 02:00'],
    ['a day that its month does not have', '2026-02-30T00:00:00Z'],
    ['the 29th of February of a common year', '2027-02-29T00:00:00+01:00'],
    ['the 31st of a month of 30 days', '2026-04-31T12:00:00Z'],
    ['a 13th month', '2026-13-01T00:00:00Z'],
    ['an hour of 25', '2026-12-01T25:00:00Z'],
    ['a number', '1764400000'],
  ])('reads no instant in %s', (_what, text) => {
    expect(isoInstantMs(text)).toBeUndefined()
  })
})

describe('queryInstantMs', () => {
  it.each([
    ['2026-12-01T01:00:00+02:00', Date.UTC(2026, 10, 30, 23)],
    ['2026-12-01T01:00:00 02:00', Date.UTC(2026, 10, 30, 23)],
    ['2026-12-01T01:00:00.5 02:00', Date.UTC(2026, 10, 30, 23, 0, 0, 500)],
    ['2026-12-01T09:00:00Z', Date.UTC(2026, 11, 1, 9)],
    ['2026-12-01 09:00', undefined],
    ['2026-12-01T09:00:00  02:00', undefined],
    ['2026-12-01T09:00:00', undefined],
  ])('reads %s as a query has it', (text, ms) => {
    expect(queryInstantMs(text)).toBe(ms)
  })
})
