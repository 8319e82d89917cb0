import { type Permit, type Permitted, permittedBy } from '../../domain/permit.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ItemStore } from '../../ports/item-store.ts'
import { SingleFlight } from '../commit/single-flight.ts'
import { listPermits } from './manage-permits.ts'

/** Design: permits are read as freezes are, at most once a second per instance. */
const PERMIT_MAX_AGE_MS = 900
/** Tenants whose permits are remembered; past it all are forgotten and read again when needed. */
const MAX_WATCHED_TENANTS = 10_000

interface Snapshot {
  readonly readAtMs: number
  readonly byClient: ReadonlyMap<string, readonly Permit[]>
}

/** Who knows what a client may touch. */
export interface PermitLookup {
  /** Undefined for a client that has no permit. Throws when it cannot be known: nobody is let in on a guess. */
  find(tenant: string, clientId: string): Promise<Permitted | undefined>
}

/** What each client's permits are, by tenant, no older than `PERMIT_MAX_AGE_MS`. */
export class PermitWatch implements PermitLookup {
  readonly #items: Pick<ItemStore, 'query'>
  readonly #clock: Pick<Clock, 'nowMs' | 'monotonicMs'>
  readonly #snapshots = new Map<string, Snapshot>()
  readonly #reading = new SingleFlight<Snapshot>()
  /** Rises with each change this instance makes: a read from before it may lack that one. */
  #generation = 0

  constructor(items: Pick<ItemStore, 'query'>, clock: Pick<Clock, 'nowMs' | 'monotonicMs'>) {
    this.#items = items
    this.#clock = clock
  }

  async find(tenant: string, clientId: string): Promise<Permitted | undefined> {
    const known = this.#snapshots.get(tenant)
    const isFresh = known !== undefined && this.#clock.monotonicMs() - known.readAtMs < PERMIT_MAX_AGE_MS
    const { byClient } = isFresh ? known : await this.#read(tenant)
    return permittedBy(byClient.get(clientId) ?? [], this.#clock.nowMs())
  }

  /** Forgets what is known, so that the instance that changes a permit obeys it at once. */
  forget(tenant: string): void {
    this.#generation++
    this.#snapshots.delete(tenant)
  }

  #read(tenant: string): Promise<Snapshot> {
    const generation = this.#generation
    return this.#reading.run(`${generation} ${tenant}`, async () => {
      // The age counts from before the read, or a slow answer would count as younger than it is.
      const readAtMs = this.#clock.monotonicMs()
      const byClient = Map.groupBy(await listPermits({ items: this.#items }, tenant), ({ client }) => client)
      const snapshot = { readAtMs, byClient }
      if (generation !== this.#generation) return snapshot
      if (this.#snapshots.size >= MAX_WATCHED_TENANTS) this.#snapshots.clear()
      this.#snapshots.set(tenant, snapshot)
      return snapshot
    })
  }
}
