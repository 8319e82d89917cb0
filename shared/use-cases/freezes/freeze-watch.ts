import type { Freeze } from '../../domain/freeze.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ItemStore } from '../../ports/item-store.ts'
import { RecentReads } from '../../ports/recent-reads.ts'
import { listFreezes } from './list-freezes.ts'

/** A freeze reaches every instance within 1 s, and freezes are read at most once a second. */
export const FREEZE_MAX_AGE_MS = 900

interface InForce {
  readonly count: number
  readonly byApp: ReadonlyMap<string | undefined, Freeze>
  readonly byConnection: ReadonlyMap<string | undefined, Freeze>
}

/** What is frozen, by tenant, no older than `FREEZE_MAX_AGE_MS`. */
export class FreezeWatch {
  readonly #freezes: RecentReads<InForce>

  constructor(items: Pick<ItemStore, 'query'>, clock: Pick<Clock, 'monotonicMs'>) {
    this.#freezes = new RecentReads({
      clock,
      maxAgeMs: FREEZE_MAX_AGE_MS,
      read: async (tenant) => inForce(await listFreezes({ items }, tenant)),
    })
  }

  /** The freeze that stops this connection, or undefined. */
  async find(tenant: string, connection: { id: string; appId: string }): Promise<Freeze | undefined> {
    const { byApp, byConnection } = await this.#freezes.get(tenant)
    return byApp.get(connection.appId) ?? byConnection.get(connection.id)
  }

  /** Forgets what is known, so that the instance that makes a freeze obeys it at once. */
  forget(tenant: string): void {
    this.#freezes.forget(tenant)
  }

  /** How many freezes are in force, as far as this instance has looked: of the tenants it was asked about. */
  get inForce(): number {
    return this.#freezes.values().reduce((total, { count }) => total + count, 0)
  }
}

function inForce(freezes: readonly Freeze[]): InForce {
  return {
    count: freezes.length,
    byApp: new Map(freezes.map((freeze) => [freeze.appId, freeze])),
    byConnection: new Map(freezes.map((freeze) => [freeze.connectionId, freeze])),
  }
}
