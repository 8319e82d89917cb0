import { charged, fullBucket, refilled, secondsUntil } from '../../../shared/domain/token-bucket.ts'

const RATE = { perSecond: 10, burst: 20 }

describe('refilled', () => {
  it('gives what was earned since, and never more than the burst', () => {
    const empty = charged(fullBucket(RATE, 1_000), 20)
    expect(refilled(empty, RATE, 1_500)).toEqual({ units: 5, atMs: 1_500 })
    expect(refilled(empty, RATE, 1_000_000)).toEqual({ units: 20, atMs: 1_000_000 })
  })

  it('gives nothing when the clock went back, and takes nothing away', () => {
    const bucket = charged(fullBucket(RATE, 1_000), 15)
    expect(refilled(bucket, RATE, 200)).toEqual({ units: 5, atMs: 200 })
  })
})

describe('secondsUntil', () => {
  it('counts what is owed too', () => {
    const owing = charged(fullBucket(RATE, 0), 120)
    expect(owing.units).toBe(-100)
    expect(secondsUntil(owing, RATE, 1)).toBe(10.1)
    expect(secondsUntil(fullBucket(RATE, 0), RATE, 1)).toBe(0)
  })
})
