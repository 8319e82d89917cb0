import type { Attributes, Write } from '../../shared/ports/item-store.ts'
import { BUSY, CLIENTS_OF_THEIR_OWN, PLANTED_IN_GRANTS } from './planted-in-grants.ts'
import { changingOutcomes, overStore, type PlantedBug, rewriting, withoutCondition } from './planting.ts'
import { simulate } from './simulate.ts'
import type { Plants } from './world.ts'

/** A fence that does not rise: whoever holds the lease has the same one. */
function withoutFence(): Plants {
  const flat = (attributes: Attributes | undefined): Attributes | undefined =>
    attributes?.['fence'] === undefined
      ? attributes
      : { ...attributes, fence: attributes['attempt'] === undefined ? 0 : 1 }
  return {
    items: (real) => ({
      ...overStore(real, (writes) => real.transact(writes.map((write) => withoutCondition(write, 'fence')))),
      get: async (key, options) => flat(await real.get(key, options)),
    }),
  }
}

/** Remembers the version a row had when its lease was taken, and lets no commit pass once it has risen. */
function conditionalOnVersion(): Plants {
  const versions = new Map<string, number>()
  return {
    items: (real) =>
      overStore(real, async (writes) => {
        const changed = await Promise.all(
          writes.map(async (write): Promise<Write> => {
            if (write.op !== 'update') return write
            if (write.set?.['attempt'] !== undefined) {
              const row = await real.get(write.key)
              versions.set(write.key.sort, Number(row?.['version']))
            }
            const version = versions.get(write.key.sort)
            const isCommit = write.set?.['grant'] !== undefined && write.remove?.includes('attempt') === true
            if (!isCommit || version === undefined) return write
            return {
              ...write,
              when: [...(write.when ?? []), { kind: 'equals', attribute: 'version', value: version }],
            }
          }),
        )
        await real.transact(changed)
      }),
  }
}

/** Ends a grant after its third failure in a row, whatever kind of failure. */
function countingTowardDeath(): Plants {
  const failures = new Map<string, number>()
  return changingOutcomes((outcome, { token }) => {
    if (outcome.kind === 'granted' || token === '') return outcome
    const count = (failures.get(token) ?? 0) + 1
    failures.set(token, count)
    return count < 3 ? outcome : { kind: 'grant-dead', code: 'invalid_grant', message: 'Too many failures.' }
  })
}

export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: 'a lease without a fence',
    within: 5,
    plants: withoutFence,
  },
  {
    name: 'a permission to send that leaves no trace',
    within: 10,
    plants: () =>
      rewriting((writes) =>
        writes.map((write) =>
          write.op === 'update' && write.set?.['attempt'] !== undefined
            ? { ...write, set: { ...write.set, attempt: undefined } }
            : write,
        ),
      ),
  },
  {
    name: 'no second look at the pointer after invalid_grant',
    within: 10,
    isSlow: true,
    weather: BUSY,
    plants: () =>
      rewriting((writes) => {
        const ends = writes.some(
          (write) => write.op === 'update' && write.set?.['status'] === 'reauthorization_required',
        )
        return ends ? writes.map((write): Write => ({ ...write, when: [] })) : writes
      }),
  },
  {
    name: 'a commit that a rename undoes',
    within: 5,
    weather: CLIENTS_OF_THEIR_OWN,
    plants: conditionalOnVersion,
  },
  {
    name: 'a new grant dropped when its lease is lost',
    within: 60,
    weather: BUSY,
    plants: () => rewriting((writes) => writes.filter(({ key }) => !key.partition.endsWith('#RESCUES'))),
  },
  {
    name: 'an unknown outcome taken for a failure',
    within: 10,
    plants: () =>
      changingOutcomes((outcome) =>
        outcome.kind === 'unknown' ? { ...outcome, kind: 'not-sent' } : outcome,
      ),
  },
  {
    name: 'a life counted from the answer',
    within: 10,
    plants: () =>
      changingOutcomes((outcome, { tookMs }) => {
        if (outcome.kind !== 'granted') return outcome
        const grants = Object.entries(outcome.grants).map(([name, grant]) => [
          name,
          grant.lifeMs === undefined ? grant : { ...grant, lifeMs: grant.lifeMs + tookMs },
        ])
        return { kind: 'granted', grants: Object.fromEntries(grants) }
      }),
  },
  { name: 'passing failures that count toward death', within: 5, plants: countingTowardDeath },
  ...PLANTED_IN_GRANTS,
]

/** The first seed that notices the bug, and what it noticed; undefined when none of those allowed does. */
export async function firstToNotice(
  bug: PlantedBug,
): Promise<{ seed: number; violation: string } | undefined> {
  for (let seed = 1; seed <= bug.within; seed++) {
    const options = { plants: bug.plants(), ...(bug.weather === undefined ? {} : { scenario: bug.weather }) }
    const { violations } = await simulate(seed, options)
    if (violations[0] !== undefined) return { seed, violation: violations[0] }
  }
  return undefined
}
