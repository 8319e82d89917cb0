import { runHerd } from './herd.ts'
import { sweepImport } from './import.ts'

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
