import { jest } from '@jest/globals'
import { runHerd } from './herd.ts'
import { sweepImport } from './import.ts'

/** A tenth of the connections a minute: their spread of three minutes brings a third, so a backlog must form. */
const TIGHT = { connections: 2_000, capacity: 400, whalePart: 0.7 }
/** As much as comes due in a minute, and half of it again. */
const AMPLE = { ...TIGHT, capacity: 1_000 }
/** Flows that fetch rotate in line what the sweep has not reached: at most as many as fetches there are. */
const FETCHES_A_MINUTE = 130

describe('a herd', () => {
  it('of 100,000 connections that expire in the same second keeps to the pace and loses nothing', async () => {
    const capacity = 15_000
    const report = await runHerd({ connections: 100_000, capacity, whalePart: 0.7 })
    process.stdout.write(`${JSON.stringify(report)}\n`)
    expect(report.violations).toEqual([])
    expect(report.rotated).toBe(100_000)
    expect(report.peakPerMinute).toBeLessThanOrEqual(capacity + 200)
    expect(report.smallTenantsExpired).toBe(0)
    // Nine minutes at that pace are more than the herd needs.
    expect(report.whaleExpired).toBe(0)
  }, 900_000)
})

describe('a smaller herd', () => {
  it('is rotated no faster than the workers can, small tenants before the rest of a large one', async () => {
    const report = await runHerd(TIGHT)
    expect(report.violations).toEqual([])
    expect(report.peakPerMinute).toBeLessThanOrEqual(TIGHT.capacity + FETCHES_A_MINUTE)
    expect(report.smallTenantsExpired).toBe(0)
    expect(report.rotated).toBe(TIGHT.connections)
    expect(report.fetched).toBeGreaterThan(5_000)
  })

  it('is spread widely enough that nothing waits for a second sweep where the workers suffice', async () => {
    const report = await runHerd(AMPLE)
    expect(report.violations).toEqual([])
    expect(report.latestMs).toBeLessThanOrEqual(61_000)
    expect(report.smallTenantsExpired + report.whaleExpired).toBe(0)
  })

  it('would be noticed to be swept without a cap', async () => {
    const report = await runHerd({ ...TIGHT, sweepLimit: 1_000_000 })
    expect(report.peakPerMinute).toBeGreaterThan(TIGHT.capacity + FETCHES_A_MINUTE)
  })

  it('would be noticed to be spread by the clock instead of by the ids', async () => {
    const ids = await import('../../shared/domain/ids.ts')
    jest.resetModules()
    // Only the jitter asks for that many buckets: it gets the same for all that are made in one second.
    const bucketOf = (text: string, buckets: number) =>
      buckets === 10_000 ? 5_000 : ids.bucketOf(text, buckets)
    jest.unstable_mockModule('../../shared/domain/ids.ts', () => ({ ...ids, bucketOf }))
    const planted = await import('./herd.ts')
    const report = await planted.runHerd(AMPLE)
    expect(report.latestMs).toBeGreaterThan(61_000)
  })
})

describe('an import', () => {
  it('of a million connections at once is worked off at the pace, and others do not wait for it', async () => {
    const report = await sweepImport({ imported: 1_000_000, capacity: 20_000 })
    process.stdout.write(`${JSON.stringify(report)}\n`)
    expect(report.mostInASweep).toBeLessThanOrEqual(20_000)
    expect(report.smallTenantsLatestMs).toBeLessThanOrEqual(60_000)
    // Fifty minutes after the first were due, and those that were rotated first come again within the hour.
    expect(report.rotated).toBeGreaterThan(750_000)
  }, 900_000)
})
