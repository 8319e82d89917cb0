import { type Permit, type Permitted, permittedBy } from '../../domain/permit.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ItemStore } from '../../ports/item-store.ts'
import { RecentReads } from '../../ports/recent-reads.ts'
import { listPermits } from './manage-permits.ts'

/** Permits are read as freezes are, at most once a second per instance. */
const PERMIT_MAX_AGE_MS = 900

/** Who knows what a client may touch. */
export interface PermitLookup {
  /** Undefined for a client that has no permit. Throws when it cannot be known: nobody is let in on a guess. */
  find(tenant: string, clientId: string): Promise<Permitted | undefined>
}

/** What each client's permits are, by tenant, no older than `PERMIT_MAX_AGE_MS`. */
export class PermitWatch implements PermitLookup {
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #byClient: RecentReads<ReadonlyMap<string, readonly Permit[]>>

  constructor(items: Pick<ItemStore, 'query'>, clock: Pick<Clock, 'nowMs' | 'monotonicMs'>) {
    this.#clock = clock
    this.#byClient = new RecentReads({
      clock,
      maxAgeMs: PERMIT_MAX_AGE_MS,
      read: async (tenant) => Map.groupBy(await listPermits({ items }, tenant), ({ client }) => client),
    })
  }

  async find(tenant: string, clientId: string): Promise<Permitted | undefined> {
    const byClient = await this.#byClient.get(tenant)
    return permittedBy(byClient.get(clientId) ?? [], this.#clock.nowMs())
  }

  /** Forgets what is known, so that the instance that changes a permit obeys it at once. */
  forget(tenant: string): void {
    this.#byClient.forget(tenant)
  }
}
