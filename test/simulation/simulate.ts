import { VaultError } from '../../shared/domain/errors.ts'
import { workShards } from '../../shared/domain/keys.ts'
import type { Counts } from './invariants.ts'
import { type KnownConnection, People } from './people.ts'
import { FAIR_PROVIDER, FAIR_STORES, type Scenario, scenarioOf } from './scenario.ts'
import { type Plants, World } from './world.ts'

const MINUTE_MS = 60_000
/** Once faults have ended, everything is right again within the longest access token's life and this. */
export const SETTLING_MS = 20 * MINUTE_MS

export interface Report {
  readonly seed: number
  readonly violations: readonly string[]
  readonly simulatedMs: number
  readonly events: number
  readonly counts: Counts
}

/** Runs the scenario of a seed to its end, and says what went wrong: nothing should. */
export async function simulate(
  seed: number,
  options: { plants?: Plants; scenario?: Partial<Scenario>; stopAtBreach?: boolean } = {},
): Promise<Report> {
  const scenario = { ...scenarioOf(seed), ...options.scenario }
  const world = new World(scenario, options.plants)
  const people = new People(world)
  const startMs = world.time.nowMs
  const stop = () => options.stopAtBreach !== false && world.invariants.violations.length > 0
  void world.attempt('moving in', () => people.moveIn())
  await world.time.runUntil(startMs + 5 * MINUTE_MS, stop)
  world.startLoops()
  startFlows(world, people)
  beginStorm(world, people)
  await world.time.runUntil(startMs + scenario.stormMs, stop)
  endStorm(world)
  // Twice: an answer that was on its way may still say that the client is refused.
  people.repair()
  world.time.after(5 * MINUTE_MS, () => people.repair())
  const longestLifeMs = Math.max(...scenario.apps.map((app) => app.rules.accessLifeMs))
  await world.time.runUntil(world.time.nowMs + longestLifeMs + SETTLING_MS, stop)
  if (!stop()) await checkCalm(world, people)
  return {
    seed,
    violations: world.invariants.violations,
    simulatedMs: world.time.nowMs - startMs,
    events: world.time.fired,
    counts: world.invariants.counts,
  }
}

function startFlows(world: World, people: People): void {
  world.every(world.scenario.fetchEveryMs, () => {
    const living = people.connections.filter((connection) => !connection.isDeleted)
    if (living.length === 0) return
    const { tenant, id } = world.chance.pick(living)
    const minTtlSeconds = world.chance.pick([0, 1, 60, 60, 300, 3600])
    for (let copies = 1 + world.chance.below(3); copies > 0; copies--)
      void world.fetch(tenant, id, minTtlSeconds)
  })
}

function beginStorm(world: World, people: People): void {
  const { scenario, chance, time } = world
  const endMs = time.nowMs + scenario.stormMs
  const isStorm = () => time.nowMs < endMs - 10 * MINUTE_MS
  Object.assign(world.stores, scenario.stores)
  Object.assign(world.provider, scenario.provider)
  world.queue.trouble = scenario.queueTrouble
  const jump = () => {
    if (isStorm())
      chance.pick(world.machines).offsetMs = Math.round(chance.between(-1, 1) * scenario.maxOffsetMs)
  }
  for (const _ of world.machines) jump()
  world.every(scenario.jumpEveryMs, jump)
  world.every(scenario.peopleEveryMs, () => {
    if (isStorm()) people.act()
  })
  world.every(15 * MINUTE_MS, () => {
    if (isStorm()) void people.attend()
  })
  world.every(scenario.outageEveryMs, () => {
    const as = chance.pick(['not-sent', 'hang', 'bareErrorWithout', 'unavailable'] as const)
    if (isStorm()) world.provider.outage = { untilMs: time.nowMs + chance.between(1, 60) * MINUTE_MS, as }
  })
  world.every(scenario.storeOutageEveryMs, () => {
    if (isStorm()) world.stores.downUntilMs = time.nowMs + chance.between(1, 10) * MINUTE_MS
  })
}

function endStorm(world: World): void {
  Object.assign(world.stores, FAIR_STORES)
  Object.assign(world.provider, FAIR_PROVIDER, { outage: undefined })
  world.queue.trouble = 0
  for (const machine of world.machines) {
    machine.offsetMs = 0
    machine.current.stalledUntilMs = 0
  }
}

/** The faults are over for long enough: every connection works, or waits for a person for a good reason. */
async function checkCalm(world: World, people: People): Promise<void> {
  for (const connection of people.connections) {
    const row = world.invariants.rows.get(connection.id)
    if (connection.isDeleted || row === undefined) continue
    world.invariants.checkGrants(row)
    if (row.status === 'reauthorization_required' || row.status === 'empty') continue
    if (row.status === 'pending' && connection.app.type !== 'CLIENT_CREDENTIALS') {
      const tokens = world.server.tokensOf(String(connection.setup['code']))
      if (tokens.some((token) => token.isStored && token.family.revokedBy === undefined))
        world.invariants.breach('P2', `${row.id} is pending though its first grant had been stored`)
      continue
    }
    if (row.attempt !== undefined && row.attempt.startedAtMs < world.time.nowMs - 10 * MINUTE_MS)
      world.invariants.breach('calm', `${row.id} still has an attempt ${JSON.stringify(row)}`)
    await checkFetch(world, connection)
  }
  for (const shard of workShards()) {
    const page = await world.items.queryDue({
      shard,
      dueAtMostMs: world.time.nowMs,
      limit: 100,
    })
    for (const { key, dueAtMs } of page.items) {
      if (world.time.nowMs - dueAtMs > 10 * MINUTE_MS)
        world.invariants.breach('calm', `${key.partition} ${key.sort} is still not done`)
    }
  }
}

async function checkFetch(world: World, { tenant, id }: KnownConnection): Promise<void> {
  let answer: 'given' | VaultError | undefined
  void world.fetch(tenant, id, 0).then((given) => {
    answer = given
  })
  await world.time.runUntil(world.time.nowMs + MINUTE_MS)
  if (answer === 'given') return
  const row = JSON.stringify(world.invariants.rows.get(id))
  const reason = answer instanceof VaultError ? answer.message : 'no answer'
  world.invariants.breach('calm', `${id} cannot be fetched: ${reason} ${row}`)
}
