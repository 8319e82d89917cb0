import { People } from './people.ts'
import { FAIR_PROVIDER, FAIR_STORES, scenarioOf } from './scenario.ts'
import { World } from './world.ts'

const MINUTE_MS = 60_000
const CONNECTIONS = 100

describe('an outage of one provider', () => {
  it('costs a request a minute, not one a connection, and everything is back soon after it', async () => {
    const rules = {
      accessLifeMs: 30 * MINUTE_MS,
      expiryBasis: 'stated',
      rotates: false,
      graceMs: 0,
      reuseRevokes: false,
    } as const
    const apps = Array.from({ length: CONNECTIONS }, () => ({ appId: 'HUBSPOT', type: 'OAUTH_CODE', rules }))
    const calm = { stores: FAIR_STORES, provider: FAIR_PROVIDER, maxOffsetMs: 0, machines: 2, apps }
    const world = new World({ ...scenarioOf(1), ...calm })
    const people = new People(world)
    const { time, invariants } = world
    void world.attempt('moving in', () => people.moveIn())
    await time.runUntil(time.nowMs + MINUTE_MS)
    world.startLoops()
    world.provider.outage = { untilMs: time.nowMs + 80 * MINUTE_MS, as: 'bareErrorWithout' }
    await time.runUntil(time.nowMs + 20 * MINUTE_MS)
    const requestsBefore = invariants.counts.tokenRequests
    await time.runUntil(time.nowMs + 60 * MINUTE_MS)
    const requests = invariants.counts.tokenRequests - requestsBefore
    expect(requests).toBeGreaterThan(20)
    // Two processes, each with one breaker for the host and one for each of two tenants' applications.
    expect(requests).toBeLessThan(2 * 2 * 65)
    await time.runUntil(time.nowMs + 10 * MINUTE_MS)
    const rows = [...invariants.rows.values()]
    expect(rows.filter(({ status }) => status !== 'ready')).toEqual([])
    expect(rows).toHaveLength(CONNECTIONS)
    expect(invariants.violations).toEqual([])
  })
})
