import type { ItemStore, Write } from '../../shared/ports/item-store.ts'
import type { OAuthClient, TokenOutcome } from '../../shared/ports/oauth-client.ts'
import type { Scenario } from './scenario.ts'
import type { Plants } from './world.ts'

/** A mistake that the engine could have been written with, planted by wrapping what it calls. */
export interface PlantedBug {
  readonly name: string
  /** A fresh one for each simulation: some remember what they saw. */
  plants(): Plants
  /** The simulation notices it within this many seeds, from 1. */
  readonly within: number
  /** The weather it shows in, where that of most seeds is not it. */
  readonly weather?: Partial<Scenario>
  /** Too slow for the quick suite, however few seeds it needs. */
  readonly isSlow?: true
}

/** The store with every transaction changed on its way; an empty one is not sent. */
export function rewriting(
  rewrite: (writes: readonly Write[]) => readonly Write[] | Promise<readonly Write[]>,
): Plants {
  return {
    items: (real) =>
      overStore(real, async (writes) => {
        const changed = await rewrite(writes)
        if (changed.length > 0) await real.transact(changed)
      }),
  }
}

/** The store with another way to apply a transaction. */
export function overStore(real: ItemStore, transact: ItemStore['transact']): ItemStore {
  return {
    get: (key, options) => real.get(key, options),
    query: (query) => real.query(query),
    queryDue: (query) => real.queryDue(query),
    scan: (query) => real.scan(query),
    transact,
  }
}

/** A write that does not look at an attribute. */
export function withoutCondition(write: Write, attribute: string): Write {
  const when = write.when?.filter(
    (condition) => !('attribute' in condition) || condition.attribute !== attribute,
  )
  return { ...write, when } as Write
}

/** The provider's client with each outcome changed. */
export function changingOutcomes(
  change: (outcome: TokenOutcome, facts: { tookMs: number; token: string }) => TokenOutcome,
): Plants {
  return {
    oauth: (real, process): OAuthClient => ({
      async requestToken(request) {
        const startMs = process.monotonicMs()
        const outcome = await real.requestToken(request)
        const token = request.grant.kind === 'refresh-token' ? request.grant.refreshToken.reveal() : ''
        return change(outcome, { tookMs: process.monotonicMs() - startMs, token })
      },
      revoke: (request) => real.revoke(request),
      readImport: (request) => real.readImport(request),
      probe: (request) => real.probe(request),
    }),
  }
}
