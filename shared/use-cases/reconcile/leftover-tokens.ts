import type { ConnectionRow } from '../../domain/connection.ts'
import type { GrantPointer } from '../../domain/grant.ts'
import { connectionKey, findPartitionParts, rescuesOf } from '../../domain/keys.ts'
import { findSealedGrant, sealedGrantKey } from '../../domain/sealed-keys.ts'
import type { SealedPlace } from '../../ports/grant-sealer.ts'
import type { Item } from '../../ports/item-store.ts'
import type { Ports } from '../../ports/ports.ts'
import { type Rescue, rescueOf } from '../../rows/rescue-row.ts'
import type { Tombstone } from '../../rows/tombstone-row.ts'
import { rowOf } from '../commit/connection-rows.ts'
import { sealedPlaces } from '../commit/sealed-removal.ts'
import { findTombstone } from '../connections/tombstones.ts'
import { forgetSighting, isSecondSighting } from './sightings.ts'

/** A mistake here must not empty the table in one night; what is over is seen the next day. */
const MAX_SETTLED_A_RUN = 1000
const MAX_RESCUES = 100

/**
 * Sealed tokens that nothing names: of a rotation whose process died between its commit and the removal of what it
 * replaced. They are removed after two sightings about a day apart, each with strong reads of whoever may name them.
 */
export class LeftoverTokens {
  readonly #ports: Pick<Ports, 'items' | 'log'>
  readonly #sealed = new Map<string, SealedPlace>()
  readonly #named = new Set<string>()
  readonly #live = new Map<string, SealedPlace>()

  constructor(ports: Pick<Ports, 'items' | 'log'>) {
    this.#ports = ports
  }

  /** Notes what an item of the row store names or holds. */
  note({ key, attributes }: Item): void {
    const place = findSealedGrant(key)
    if (place !== undefined) this.#sealed.set(nameOf(place), place)
    const parts = findPartitionParts(key.partition)
    const stored: unknown = attributes
    if (parts?.kind === 'CONNECTIONS') {
      const { grant } = stored as ConnectionRow
      this.#name(parts.tenant, key.sort, grant)
      for (const live of sealedPlaces({ tenant: parts.tenant, id: key.sort }, grant))
        this.#live.set(nameOf(live), live)
    }
    if (parts?.kind === 'TOMBSTONES') this.#name(parts.tenant, key.sort, (stored as Tombstone).row.grant)
    if (parts?.kind === 'RESCUES') {
      const { connectionId, grant } = stored as Rescue
      this.#name(parts.tenant, connectionId, grant)
    }
  }

  /** Removes what was seen for the second time; answers how many nothing names, and how many of them went. */
  async settle(nowMs: number): Promise<{ leftoverTokens: number; tokensRemoved: number }> {
    const left = [...this.#sealed].filter(([name]) => !this.#named.has(name)).slice(0, MAX_SETTLED_A_RUN)
    let leftoverTokens = 0
    let tokensRemoved = 0
    for (const [what, place] of left) {
      if (await this.#isNamedNow(place)) continue
      leftoverTokens++
      if (!(await isSecondSighting(this.#ports, { tenant: place.tenant, what }, nowMs))) continue
      await this.#ports.items.transact([{ op: 'delete', key: sealedGrantKey(place) }])
      await forgetSighting(this.#ports, { tenant: place.tenant, what })
      tokensRemoved++
    }
    return { leftoverTokens, tokensRemoved }
  }

  /** How many items are not there that a row points at, each told as an error; by strong reads of both. */
  async tellMissing(): Promise<number> {
    let missing = 0
    for (const [name, place] of this.#live) {
      if (this.#sealed.has(name)) continue
      const { tenant, ownerId, part, mark } = place
      const row = rowOf(await this.#ports.items.get(connectionKey(tenant, ownerId)))
      if (row?.grant?.[part] !== mark) continue
      const { partition, sort } = sealedGrantKey(place)
      const found = await this.#ports.items.query({ partition, sortPrefix: sort, limit: 1 })
      if (found.items.length > 0) continue
      missing++
      this.#ports.log.error('a row points at sealed tokens that are not there', {
        tenant,
        connection_id: ownerId,
        reason: part,
      })
    }
    return missing
  }

  #name(tenant: string, ownerId: string, grant: GrantPointer | undefined): void {
    for (const name of namesOf(tenant, ownerId, grant)) this.#named.add(name)
  }

  /** A delete moves a pointer from row to tombstone and a restore back: looking at both ends twice misses neither. */
  async #isNamedNow({ tenant, ownerId, part, mark }: SealedPlace): Promise<boolean> {
    const { items } = this.#ports
    const before = await findTombstone(this.#ports, tenant, ownerId)
    const row = rowOf(await items.get(connectionKey(tenant, ownerId)))
    const after = await findTombstone(this.#ports, tenant, ownerId)
    const rescues = await items.query({ ...rescuesOf(tenant, ownerId), limit: MAX_RESCUES })
    const rescued = rescues.items.map(({ attributes }) => rescueOf(attributes)?.grant)
    const grants = [row?.grant, before?.row.grant, after?.row.grant, ...rescued]
    return grants.some((grant) => grant?.[part] === mark)
  }
}

function namesOf(tenant: string, ownerId: string, grant: GrantPointer | undefined): string[] {
  return sealedPlaces({ tenant, id: ownerId }, grant).map(nameOf)
}

function nameOf({ ownerId, part, mark, tenant }: SealedPlace): string {
  return `${part}#${tenant}#${ownerId}#${mark}`
}
