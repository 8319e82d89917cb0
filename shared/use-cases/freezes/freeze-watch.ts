import type { Freeze } from '../../domain/freeze.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ItemStore } from '../../ports/item-store.ts'
import { SingleFlight } from '../commit/single-flight.ts'
import { listFreezes } from './list-freezes.ts'

/** Design: a freeze reaches every instance within 1 s, and freezes are read at most once a second. */
export const FREEZE_MAX_AGE_MS = 900
/** Tenants whose freezes are remembered; past it the oldest are forgotten and read again when needed. */
const MAX_WATCHED_TENANTS = 10_000

interface Snapshot {
  readonly readAtMs: number
  readonly byApp: ReadonlyMap<string, Freeze>
  readonly byConnection: ReadonlyMap<string, Freeze>
  readonly inForce: number
}

/**
 * What is frozen, by tenant, no older than `FREEZE_MAX_AGE_MS`. When the store does not answer, so does this:
 * a stop order that cannot be read must not be overlooked.
 */
export class FreezeWatch {
  readonly #items: Pick<ItemStore, 'query'>
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #snapshots = new Map<string, Snapshot>()
  readonly #reading = new SingleFlight<Snapshot>()
  /** Rises with each freeze this instance makes or lifts: a read from before it may lack that one. */
  #generation = 0

  constructor(items: Pick<ItemStore, 'query'>, clock: Pick<Clock, 'monotonicMs'>) {
    this.#items = items
    this.#clock = clock
  }

  /** The freeze that stops this connection, or undefined. */
  async find(tenant: string, connection: { id: string; appId: string }): Promise<Freeze | undefined> {
    const snapshot = this.#snapshots.get(tenant)
    const fresh = snapshot !== undefined && this.#clock.monotonicMs() - snapshot.readAtMs < FREEZE_MAX_AGE_MS
    const known = fresh ? snapshot : await this.#read(tenant)
    return known.byApp.get(connection.appId) ?? known.byConnection.get(connection.id)
  }

  /** Forgets what is known, so that the instance that makes a freeze obeys it at once. */
  forget(tenant: string): void {
    this.#generation++
    this.#snapshots.delete(tenant)
  }

  /** How many freezes are in force, as far as this instance has looked: of the tenants it was asked about. */
  get inForce(): number {
    let total = 0
    for (const snapshot of this.#snapshots.values()) total += snapshot.inForce
    return total
  }

  #read(tenant: string): Promise<Snapshot> {
    const generation = this.#generation
    return this.#reading.run(`${generation} ${tenant}`, () => this.#readNow(tenant, generation))
  }

  async #readNow(tenant: string, generation: number): Promise<Snapshot> {
    // The age counts from before the read, or a slow answer would count as younger than it is.
    const readAtMs = this.#clock.monotonicMs()
    const freezes = await listFreezes({ items: this.#items }, tenant)
    const byApp = new Map<string, Freeze>()
    const byConnection = new Map<string, Freeze>()
    for (const freeze of freezes) {
      if (freeze.appId !== undefined) byApp.set(freeze.appId, freeze)
      if (freeze.connectionId !== undefined) byConnection.set(freeze.connectionId, freeze)
    }
    const snapshot = { readAtMs, byApp, byConnection, inForce: freezes.length }
    if (generation !== this.#generation) return snapshot
    if (this.#snapshots.size >= MAX_WATCHED_TENANTS) this.#snapshots.clear()
    this.#snapshots.set(tenant, snapshot)
    return snapshot
  }
}
