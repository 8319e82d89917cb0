import { type Share, SharesInUse } from '../../../shared/adapters/memory/shares-in-use.ts'

const MIB = 1024 * 1024
/** In bytes of bodies that arrive or are worked on: a machine with 512 MiB bears all of them. */
const LIMITS = {
  all: 64 * MIB,
  /** Of one tenant. */
  tenant: 16 * MIB,
  /** Of one address whose callers nobody knows: token requests and the forms of an authorization are small. */
  address: MIB,
  addresses: 16 * MIB,
}

/** Whose a request is, for what the server shares among those who send requests. */
export interface RequestHolder {
  /** The tenant of a valid token; undefined without one, for somebody unknown at an address. */
  readonly tenant?: string
  /** Names the tenant, or else the address, and nobody else. */
  readonly name: string
}

/**
 * Bounds the memory that bodies take, in all and for each holder, so that one cannot keep the others' from arriving.
 */
export class BodyBudget {
  readonly #limits: typeof LIMITS
  readonly #inUse = new SharesInUse()

  constructor(limits = LIMITS) {
    this.#limits = limits
  }

  /** Takes that many bytes for the holder; false, and nothing taken, when it or all together would have too many. */
  take(holder: RequestHolder, bytes: number): boolean {
    const shares = this.#sharesOf(holder)
    const fits = this.#inUse.fits(shares, bytes)
    if (fits) this.#inUse.take(shares, bytes)
    return fits
  }

  /** Gives back what was taken. */
  give(holder: RequestHolder, bytes: number): void {
    this.#inUse.give(this.#sharesOf(holder), bytes)
  }

  #sharesOf({ tenant, name }: RequestHolder): Share[] {
    const { all, tenant: ofTenant, address, addresses } = this.#limits
    const shared = { name: '', limit: all }
    if (tenant !== undefined) return [shared, { name, limit: ofTenant }]
    return [shared, { name: 'addresses', limit: addresses }, { name, limit: address }]
  }
}
