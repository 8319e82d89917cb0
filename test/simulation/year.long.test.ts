import { simulateYear } from './year.ts'

describe('a year of hourly rotations', () => {
  it('loses no grant to daily outages and crashes, and hands out nothing that has ended', async () => {
    const { violations, reauthorized, rotations, refusedOutsideOutages } = await simulateYear(1)
    expect(violations).toEqual([])
    expect(reauthorized).toEqual([])
    expect(refusedOutsideOutages).toBe(0)
    expect(rotations).toBeGreaterThan(30_000)
  }, 900_000)
})
