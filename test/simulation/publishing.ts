import { MemoryItemStore } from '../../shared/adapters/memory/memory-item-store.ts'
import { feedPartition } from '../../shared/domain/keys.ts'
import type { EventOutlet } from '../../shared/ports/event-outlet.ts'
import type { Write } from '../../shared/ports/item-store.ts'
import { publishDue } from '../../shared/use-cases/events/publish-due.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { NoMetrics } from '../support/no-metrics.ts'
import { commitEvent } from '../support/outbox.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { faultyStore } from './faulty-store.ts'

const CONNECTIONS = 4
const COMMITS = 30
/** A dispatcher is killed, a store or the outlet fails, before or after it has done what it was asked. */
const FAULT = 0.15

/** Bugs that somebody could have built in; each must be found. */
export type PublishingBug = 'forgets-what-failed' | 'takes-before-it-is-told' | 'hands-on-late-ones-first'

/** Takes an event out of the outbox with its number, before anybody was handed it. */
function withoutDue(write: Write): Write {
  const isNumbering = write.op === 'update' && write.set?.['feed'] !== undefined
  return isNumbering ? { ...write, remove: ['due_shard', 'due_at'] } : write
}

/** Commits, publishes with faults, and answers what is wrong with the feed and with what was handed on. */
export async function publishWithFaults(seed: number, bug?: PublishingBug): Promise<string[]> {
  const random = new SeededRandom(seed)
  const store = new MemoryItemStore()
  const clock = new ManualClock()
  const taken: string[] = []
  const outlet: EventOutlet = {
    isNeeded: async () => true,
    take: async (_tenant, entries) => {
      const fails = random.fraction() < FAULT
      if (fails && bug === 'forgets-what-failed') return
      if (fails && random.fraction() < 0.5) throw new Error('the bus is away')
      const order = bug === 'hands-on-late-ones-first' ? entries.toReversed() : entries
      taken.push(...order.map(({ event }) => event.id))
      if (fails) throw new Error('killed after it was handed on')
    },
  }
  const quiet = () => undefined
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet, access: quiet }
  const fails = () => random.fraction() < FAULT
  const change = bug === 'takes-before-it-is-told' ? withoutDue : undefined
  const faulty = () => faultyStore(store, fails, change)
  const process = () => ({ items: faulty(), clock, log, metrics: new NoMetrics(), outlet })
  const sequences = new Map<string, number>()
  const committed: string[] = []
  for (let commits = 0; commits < COMMITS; commits++) {
    const connection = `ac_${random.below(CONNECTIONS)}`
    const sequence = (sequences.get(connection) ?? 0) + 1
    sequences.set(connection, sequence)
    // The clock of one machine may be behind another's.
    const nowMs = clock.nowMs() - random.below(3) * 1000
    await commitEvent(store, { connection, sequence, nowMs })
    committed.push(`${connection}-${sequence}`)
    await clock.advance(random.below(500))
    // One dispatcher, two at a time, or none: it is away and comes back.
    const rounds = Array.from({ length: random.below(3) }, () => publishDue(process()).catch(() => 0))
    await Promise.all(rounds)
  }
  const whole = {
    ...process(),
    items: store,
    outlet: {
      ...outlet,
      take: async (_: string, entries: Parameters<EventOutlet['take']>[1]) => {
        taken.push(...entries.map(({ event }) => event.id))
      },
    },
  }
  while ((await publishDue(whole)) > 0);
  const feed = (await store.query({ partition: feedPartition('acme'), limit: 1000 })).items
  return complaints({
    committed,
    taken,
    numbers: feed.map(({ key }) => Number(key.sort)),
    told: feed.map(({ attributes }) => String(attributes['id'])),
  })
}

function complaints(seen: {
  committed: readonly string[]
  taken: readonly string[]
  numbers: readonly number[]
  told: readonly string[]
}): string[] {
  const { committed, taken, numbers, told } = seen
  const found: string[] = []
  if (numbers.some((number, at) => number !== at + 1)) found.push('the feed has a gap')
  if (new Set(told).size !== told.length) found.push('the feed has an event twice')
  for (const [name, list] of [
    ['feed', told],
    ['outlet', taken],
  ] as const) {
    const firsts = [...new Set(list)]
    for (const id of committed) if (!firsts.includes(id)) found.push(`${id} is missing in the ${name}`)
    for (let index = 0; index < CONNECTIONS; index++) {
      const own = firsts.filter((id) => id.startsWith(`ac_${index}-`)).map((id) => Number(id.split('-')[1]))
      if (own.some((sequence, at) => at > 0 && sequence < own[at - 1]!))
        found.push(`ac_${index} is out of order in the ${name}`)
    }
  }
  return found
}
