import { runHerd } from './herd.ts'

/** A tenth of the connections a minute: their spread of three minutes brings a third, so a backlog must form. */
const TIGHT = { connections: 2_000, capacity: 400, whalePart: 0.7 }
/** Flows that fetch rotate in line what the sweep has not reached: at most as many as fetches there are. */
const FETCHES_A_MINUTE = 130

describe('a herd of connections that expire in the same second', () => {
  it('is rotated no faster than the workers can, small tenants before the rest of a large one', async () => {
    const report = await runHerd(TIGHT)
    expect(report.violations).toEqual([])
    expect(report.peakPerMinute).toBeLessThanOrEqual(TIGHT.capacity + FETCHES_A_MINUTE)
    expect(report.smallTenantsExpired).toBe(0)
    expect(report.rotated).toBe(TIGHT.connections)
    expect(report.fetched).toBeGreaterThan(5_000)
  })
})
