import { VaultError } from '../../shared/domain/errors.ts'
import { connectionsPartition } from '../../shared/domain/keys.ts'
import { StoreUnavailableError } from '../../shared/ports/item-store.ts'
import { CONNECTION_ROWS } from '../../shared/rows/connection-row.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { everyFault, type FaultKind, FaultPlan } from './fault-plan.ts'
import { brokenInvariants } from './invariants.ts'
import { type FaultLevel, type Outcome, type Process, World } from './world.ts'

export const TENANT = 't1'

/** An operation, and how to tell whether it happened. `Context` is what `arrange` leaves for the others. */
export interface Scenario<Context> {
  readonly name: string
  arrange(process: Process): Promise<Context>
  act(process: Process, context: Context): Promise<unknown>
  /** `before` or `after` when it happened not at all or wholly, and serves what it should; else what is wrong. */
  observe(world: World, context: Context): Promise<string>
  /** What else must hold when all is repaired, as the list of what does not. */
  afterwards?(
    world: World,
    context: Context,
    how: { outcome: Outcome; faults: readonly FaultKind[] },
  ): Promise<string[]>
}

/** Two sightings, the recovery window of what they schedule, and a day for the sighting that ends it. */
const DAYS_UNTIL_GONE = 11

/** Hundreds of runs, which a busy machine may not hurry. */
const SUITE_TIMEOUT_MS = 120_000

/** Many faults break one promise in the same way: the first few tell enough. */
const SHOWN = 12

/** The ids of the tenant's connections, by a look at the store. */
export async function connectionIds(world: World): Promise<string[]> {
  const page = await world.items.query({ partition: connectionsPartition(TENANT), limit: 100 })
  return page.items.map((item) => CONNECTION_ROWS.find(item.attributes)!.id)
}

/** A store that is away, or the work that calls a provider kept from ending by one. */
const UNAVAILABLE: ReadonlySet<string> = new Set(['store-unavailable', 'provider-unavailable'])

/** One run with its faults: the problems it showed, and the calls it made. */
async function runOnce<Context>(
  scenario: Scenario<Context>,
  faults: ReadonlyMap<number, FaultKind>,
  options: { level: FaultLevel; reconcileFaults?: ReadonlyMap<number, FaultKind>; days?: number },
): Promise<{ problems: string[]; calls: readonly string[] }> {
  const world = new World(7)
  const context = await scenario.arrange(world.start())
  const plan = new FaultPlan(faults)
  const process = world.start(plan, options.level)
  const outcome = await world.run(process, () => scenario.act(process, context))
  const kinds = [...faults.values(), ...(options.reconcileFaults?.values() ?? [])]
  const isLong = kinds.some((kind) => kind.includes('outage'))
  const problems = [...untrue(outcome, await scenario.observe(world, context), isLong)]
  if (options.reconcileFaults !== undefined) {
    await world.reconcile(new FaultPlan(options.reconcileFaults), options.level)
  }
  await world.reconcile()
  const state = await scenario.observe(world, context)
  problems.push(...untrue(outcome, state, isLong).map((problem) => `once repaired, ${problem}`))
  if (state !== 'before' && state !== 'after') problems.push(`once repaired, ${state}`)
  problems.push(...(await brokenInvariants(world, { versions: false })))
  problems.push(...((await scenario.afterwards?.(world, context, { outcome, faults: kinds })) ?? []))
  if (options.days === undefined) return { problems, calls: plan.calls }
  await world.passDays(options.days)
  problems.push(
    ...(await brokenInvariants(world, { versions: true })).map((problem) => `days later, ${problem}`),
  )
  return { problems, calls: plan.calls }
}

/** Where an outcome and the state of the stores contradict each other. */
function untrue(outcome: Outcome, state: string, isLong: boolean): string[] {
  if (outcome.kind === 'died') return []
  if (outcome.kind === 'answered') return state === 'after' ? [] : [`it answered, and the state is: ${state}`]
  const { error } = outcome
  if (error instanceof StoreUnavailableError)
    return state === 'before' ? [] : [`it failed, and left: ${state}`]
  if (!(error instanceof VaultError) || !UNAVAILABLE.has(error.code)) return [`it failed with ${error}`]
  // Only a store that stays away for longer than a request may wait leaves a doubt, and the answer must say so.
  if (!/nothing was changed/i.test(error.message)) return isLong ? [] : [`it does not know: ${error.message}`]
  return state === 'before' ? [] : [`it said that nothing was changed, and the state is: ${state}`]
}

/** Tests of one operation: no fault, each single fault at each call, and pairs of faults by a seed. */
export function crashSuite<Context>(
  scenario: Scenario<Context>,
  options: { pairs: number; seed: number },
): void {
  describe.each<FaultLevel>(['ports', 'items'])(`${scenario.name}, faults at its %s`, (level) => {
    it('does its work when nothing goes wrong', async () => {
      const { problems } = await runOnce(scenario, new Map(), { level })
      expect(problems).toEqual([])
    })

    it(
      'keeps every promise whatever one call does',
      async () => {
        const { calls } = await runOnce(scenario, new Map(), { level })
        expect(calls.length).toBeGreaterThan(0)
        const broken: string[] = []
        for (const { at, kind, call } of everyFault(calls)) {
          const { problems } = await runOnce(scenario, new Map([[at, kind]]), {
            level,
            days: DAYS_UNTIL_GONE,
          })
          broken.push(...problems.map((problem) => `${kind} at call ${at} (${call}): ${problem}`))
        }
        expect(broken.slice(0, SHOWN)).toEqual([])
      },
      SUITE_TIMEOUT_MS,
    )

    it(
      `keeps every promise in ${options.pairs} pairs of faults (seed ${options.seed})`,
      async () => {
        const random = new SeededRandom(options.seed)
        const { calls } = await runOnce(scenario, new Map(), { level })
        const singles = everyFault(calls)
        const broken: string[] = []
        for (let pair = 0; pair < options.pairs; pair++) {
          const first = singles[random.below(singles.length)]!
          // The second strikes a call of the same process after the first, most of them on its way out, or reconcile.
          const strikes = singles[random.below(singles.length)]!.kind
          const later = first.at + 1 + random.below(8)
          const inReconcile = random.fraction() < 0.5
          const faults = new Map([[first.at, first.kind]])
          if (!inReconcile) faults.set(later, strikes)
          const reconcileFaults = inReconcile ? new Map([[1 + random.below(30), strikes]]) : undefined
          const { problems } = await runOnce(scenario, faults, {
            level,
            ...(reconcileFaults === undefined ? {} : { reconcileFaults }),
          })
          const where = inReconcile ? `${[...reconcileFaults!]} of reconcile` : `${later},${strikes}`
          broken.push(...problems.map((problem) => `${first.at},${first.kind} then ${where}: ${problem}`))
        }
        expect(broken.slice(0, SHOWN)).toEqual([])
      },
      SUITE_TIMEOUT_MS,
    )
  })
}
