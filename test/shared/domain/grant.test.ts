import { earliestAccessExpiryMs, type GrantState } from '../../../shared/domain/grant.ts'

describe('earliestAccessExpiryMs', () => {
  const grants = (...ends: readonly (number | undefined)[]) =>
    Object.fromEntries(
      ends.map((accessExpiresAtMs, index) => [`grant ${index}`, { accessExpiresAtMs } as GrantState]),
    )

  it.each([
    ['the only one', [20], 20],
    ['the first of several', [20, 10, 30], 10],
    ['the first of those that end', [undefined, 20, undefined, 10], 10],
    ['one that ended with the epoch', [5, 0], 0],
  ])('is that of %s', (_, ends, earliest) => {
    expect(earliestAccessExpiryMs(grants(...ends))).toBe(earliest)
  })

  it('is undefined where none ends, or none is held', () => {
    expect(earliestAccessExpiryMs(grants(undefined, undefined))).toBeUndefined()
    expect(earliestAccessExpiryMs({})).toBeUndefined()
    expect(earliestAccessExpiryMs(undefined)).toBeUndefined()
  })
})
