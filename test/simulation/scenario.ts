import { Chance } from './chance.ts'
import type { ProviderWeather } from './model-oauth-client.ts'
import type { TokenRules } from './model-server.ts'
import type { StoreWeather } from './store-faults.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

/** An app as a connection of the simulation uses it. */
export interface SimulatedApp {
  readonly appId: string
  readonly type: string
  readonly rules: TokenRules
}

/** Everything that differs from one simulation to the next; all of it follows from the seed. */
export interface Scenario {
  readonly seed: number
  readonly machines: number
  /**
   * Whether secrets are sealed among the rows, so that one transaction may change both, or kept in a store of their
   * own.
   */
  readonly secretsAmongRows: boolean
  readonly apps: readonly SimulatedApp[]
  readonly stormMs: number
  readonly stores: StoreWeather
  readonly provider: ProviderWeather
  /** How far wall clocks may be wrong, and how often one jumps. */
  readonly maxOffsetMs: number
  readonly jumpEveryMs: number
  readonly outageEveryMs: number
  readonly storeOutageEveryMs: number
  readonly peopleEveryMs: number
  readonly fetchEveryMs: number
  /** Of work that is queued to come late, twice or not at all. */
  readonly queueTrouble: number
  /** Each application gets a second client secret at the beginning, so that a refused client is tried twice. */
  readonly secondSecrets?: true
}

export const FAIR_STORES: StoreWeather = {
  latencyMs: 2,
  notApplied: 0,
  unknown: 0,
  crashAtRead: 0,
  crashAtWrite: 0,
  stall: 0,
  maxStallMs: 0,
  indexLag: 0,
  downUntilMs: 0,
}

export const FAIR_PROVIDER: ProviderWeather = {
  latencyMs: 20,
  notSent: 0,
  tooMany: 0,
  unavailable: 0,
  bareErrorWithout: 0,
  bareErrorWith: 0,
  lostAnswer: 0,
  hang: 0,
  slow: 0,
  brokenClient: 0,
  slowRefusals: 0,
  refused: 0,
  crashInFlight: 0,
  stallInFlight: 0,
  maxStallMs: 0,
}

/** The scenario of a seed: every fault is there in some, and each in its own measure. */
export function scenarioOf(seed: number): Scenario {
  const chance = new Chance(seed ^ 0x5eed)
  const some = (probability: number, most: number) =>
    chance.happens(probability) ? chance.between(0, most) : 0
  const maxStallMs = chance.pick([10_000, 100_000, 600_000])
  return {
    seed,
    machines: 2 + chance.below(3),
    secretsAmongRows: false,
    apps: Array.from({ length: 5 + chance.below(4) }, () => appOf(chance)),
    stormMs: chance.between(2, 4) * HOUR_MS,
    stores: {
      ...FAIR_STORES,
      latencyMs: chance.pick([2, 20, 200]),
      notApplied: some(0.6, 0.05),
      unknown: some(0.6, 0.05),
      crashAtRead: some(0.3, 0.002),
      crashAtWrite: some(0.6, 0.02),
      stall: some(0.5, 0.02),
      maxStallMs,
      indexLag: some(0.5, 0.3),
    },
    provider: {
      latencyMs: chance.pick([20, 150, 2_000]),
      notSent: some(0.5, 0.2),
      tooMany: some(0.5, 0.2),
      unavailable: some(0.5, 0.2),
      bareErrorWithout: some(0.5, 0.15),
      bareErrorWith: some(0.4, 0.08),
      lostAnswer: some(0.5, 0.08),
      hang: some(0.4, 0.1),
      slow: some(0.6, 0.2),
      brokenClient: some(0.2, 0.05),
      slowRefusals: 0,
      refused: some(0.3, 0.1),
      crashInFlight: some(0.5, 0.1),
      stallInFlight: some(0.5, 0.1),
      maxStallMs,
    },
    maxOffsetMs: chance.happens(0.5) ? 0 : 5 * MINUTE_MS,
    jumpEveryMs: chance.between(5, 60) * MINUTE_MS,
    outageEveryMs: chance.happens(0.5) ? 3 * HOUR_MS : Number.POSITIVE_INFINITY,
    storeOutageEveryMs: chance.happens(0.5) ? 2 * HOUR_MS : Number.POSITIVE_INFINITY,
    peopleEveryMs: chance.between(2, 30) * MINUTE_MS,
    fetchEveryMs: chance.between(5, 60) * 1000,
    queueTrouble: some(0.7, 0.3),
  }
}

function appOf(chance: Chance): SimulatedApp {
  const stated: TokenRules = {
    accessLifeMs: chance.pick([3, 10, 30, 60]) * MINUTE_MS,
    expiryBasis: 'stated',
    rotates: chance.happens(0.7),
    graceMs: chance.pick([0, 0, 30_000]),
    reuseRevokes: chance.happens(0.7),
  }
  return chance.pick<SimulatedApp>([
    { appId: 'OAUTH2', type: 'AUTHORIZATION_CODE', rules: stated },
    { appId: 'OAUTH2', type: 'CLIENT_CREDENTIALS', rules: stated },
    {
      appId: 'SALESFORCE',
      type: 'OAUTH_CODE',
      rules: { ...stated, accessLifeMs: 2 * HOUR_MS, expiryBasis: 'assumed' },
    },
    { appId: 'HUBSPOT', type: 'OAUTH_CODE', rules: { ...stated, rotates: false } },
    { appId: 'SLACK', type: 'OAUTH_CODE', rules: { ...stated, rotates: true, nested: 'user' } },
    {
      appId: 'DOCUSIGN',
      type: 'OAUTH_CODE',
      rules: { ...stated, rotates: true, refreshLifeMs: 6 * HOUR_MS },
    },
  ])
}
