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

/** Bounds the memory that bodies take, in all and for each holder, so that one cannot keep the others' from arriving. */
export class BodyBudget {
  readonly #limits: typeof LIMITS
  readonly #of = new Map<string, number>()

  constructor(limits = LIMITS) {
    this.#limits = limits
  }

  /** Takes that many bytes for the holder; false, and nothing taken, when it or all together would have too many. */
  take(holder: RequestHolder, bytes: number): boolean {
    const shares = this.#sharesOf(holder)
    const fits = shares.every(({ name, limit }) => (this.#of.get(name) ?? 0) + bytes <= limit)
    if (fits) for (const { name } of shares) this.#of.set(name, (this.#of.get(name) ?? 0) + bytes)
    return fits
  }

  /** Gives back what was taken. */
  give(holder: RequestHolder, bytes: number): void {
    for (const { name } of this.#sharesOf(holder)) {
      const held = (this.#of.get(name) ?? 0) - bytes
      if (held > 0) this.#of.set(name, held)
      else this.#of.delete(name)
    }
  }

  #sharesOf({ tenant, name }: RequestHolder): { name: string; limit: number }[] {
    const { all, tenant: ofTenant, address, addresses } = this.#limits
    const shared = { name: '', limit: all }
    if (tenant !== undefined) return [shared, { name, limit: ofTenant }]
    return [shared, { name: 'addresses', limit: addresses }, { name, limit: address }]
  }
}
