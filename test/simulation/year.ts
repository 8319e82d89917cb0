import { People } from './people.ts'
import { FAIR_PROVIDER, FAIR_STORES, type SimulatedApp, scenarioOf } from './scenario.ts'
import { World } from './world.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const YEAR_MS = 365 * DAY_MS
/** After an outage, tokens that ended in it are back within this. */
const RECOVERY_MS = 15 * MINUTE_MS

const SINGLE_USE = {
  accessLifeMs: HOUR_MS,
  expiryBasis: 'stated',
  rotates: true,
  graceMs: 0,
  reuseRevokes: true,
} as const

const APPS: readonly SimulatedApp[] = [
  { appId: 'OAUTH2', type: 'AUTHORIZATION_CODE', rules: SINGLE_USE },
  { appId: 'DOCUSIGN', type: 'OAUTH_CODE', rules: { ...SINGLE_USE, refreshLifeMs: 30 * DAY_MS } },
  {
    appId: 'HUBSPOT',
    type: 'OAUTH_CODE',
    rules: { ...SINGLE_USE, rotates: false, accessLifeMs: HOUR_MS / 2 },
  },
  { appId: 'OAUTH2', type: 'CLIENT_CREDENTIALS', rules: SINGLE_USE },
]

export interface YearReport {
  readonly violations: readonly string[]
  /** Connections that a person would have had to authorize again. */
  readonly reauthorized: readonly string[]
  readonly rotations: number
  readonly refusedOutsideOutages: number
}

/**
 * A year in which the provider is out for up to an hour each day and one machine dies each day, whatever it is
 * doing. Nothing but a provider's answer lost on its way may cost a grant, and none is lost here.
 */
export async function simulateYear(seed: number): Promise<YearReport> {
  const scenario = {
    ...scenarioOf(seed),
    machines: 3,
    apps: APPS,
    stores: FAIR_STORES,
    provider: FAIR_PROVIDER,
    maxOffsetMs: 0,
  }
  const world = new World(scenario)
  const people = new People(world)
  const { time, chance } = world
  void world.attempt('moving in', () => people.moveIn())
  await time.runUntil(time.nowMs + MINUTE_MS)
  world.startLoops(5 * MINUTE_MS)
  let calmAgainMs = 0
  world.every(DAY_MS, () => {
    const untilMs = time.nowMs + chance.between(5, 60) * MINUTE_MS
    const as = chance.pick(['not-sent', 'hang', 'bareErrorWithout', 'unavailable'] as const)
    world.provider.outage = { untilMs, as }
    calmAgainMs = untilMs + RECOVERY_MS
  })
  world.every(DAY_MS, () => chance.pick(world.machines).crash(chance.between(1_000, 5 * MINUTE_MS)))
  let refusedOutsideOutages = 0
  world.every(10 * MINUTE_MS, async () => {
    const { tenant, id } = chance.pick(people.connections)
    const answer = await world.fetch(tenant, id, 60)
    if (answer !== 'given' && answer !== undefined && time.nowMs > calmAgainMs) refusedOutsideOutages++
  })
  await time.runUntil(time.nowMs + YEAR_MS, () => world.invariants.violations.length > 0)
  const rows = [...world.invariants.rows.values()]
  return {
    violations: world.invariants.violations,
    reauthorized: rows.filter(({ status }) => status === 'reauthorization_required').map(({ id }) => id),
    rotations: world.invariants.counts.rotations,
    refusedOutsideOutages,
  }
}
