import { nextTryAtMs } from '../../../shared/domain/delivery.ts'

const T0 = 1_893_456_000_000
const HOUR = 3_600_000

describe('nextTryAtMs', () => {
  const failed = { tries: 1, firstTriedAtMs: T0, nowMs: T0, chance: 0.5, overloaded: false }
  const waitOf = (parts: Partial<Parameters<typeof nextTryAtMs>[0]>) => {
    const at = nextTryAtMs({ ...failed, ...parts })
    return at === undefined ? undefined : at - T0
  }

  it('waits longer with each try, and gives up after the ninth', () => {
    const steps = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((tries) => waitOf({ tries }))
    expect(steps).toEqual([
      5_000,
      60_000,
      300_000,
      1_800_000,
      7_200_000,
      14_400_000,
      21_600_000,
      28_800_000,
      undefined,
    ])
  })

  it('is a fifth earlier or later by chance', () => {
    expect([waitOf({ chance: 0 }), waitOf({ chance: 0.25 }), waitOf({ chance: 0.999 })]).toEqual([
      4_000, 4_500, 5_998,
    ])
  })

  it('leaves a receiver that is busy alone for a minute', () => {
    expect(waitOf({ overloaded: true })).toBe(60_000)
    expect(waitOf({ overloaded: true, tries: 3 })).toBe(300_000)
  })

  it('waits as long as the receiver says, where that is longer', () => {
    expect(waitOf({ retryAfterMs: 90_000 })).toBe(90_000)
    expect(waitOf({ retryAfterMs: 1_000 })).toBe(5_000)
    expect(waitOf({ retryAfterMs: 90_000, overloaded: true })).toBe(90_000)
  })

  it('tries once more at the end of the day, and not after it', () => {
    expect(waitOf({ tries: 8, nowMs: T0 + 23 * HOUR })).toBe(24 * HOUR)
    expect(waitOf({ retryAfterMs: 100 * HOUR })).toBe(24 * HOUR)
    expect(waitOf({ tries: 8, nowMs: T0 + 24 * HOUR - 1 })).toBe(24 * HOUR)
    expect(waitOf({ tries: 8, nowMs: T0 + 24 * HOUR })).toBeUndefined()
  })
})
