import { chargeForRows } from '../shared/domain/charges.ts'
import type { Budgets } from '../shared/ports/budgets.ts'
import type {
  Attributes,
  DuePage,
  DueQuery,
  ItemKey,
  ItemPage,
  ItemQuery,
  ItemStore,
  Write,
} from '../shared/ports/item-store.ts'
import type { Caller } from '../shared/ports/token-verifier.ts'

/**
 * The ports for this request: what its queries read is charged to its tenant, on every route alike. A request that
 * reads ten thousand rows costs as much as a hundred that read a page, and the next ones wait for it.
 */
export function chargedPorts<Ports extends { readonly budgets: Budgets; readonly items?: ItemStore }>(
  ports: Ports,
  { tenant }: Pick<Caller, 'tenant'>,
): Ports {
  if (ports.items === undefined) return ports
  const charge = (units: number) => ports.budgets.charge({ budget: 'requests', of: tenant }, units)
  return { ...ports, items: new ChargedItems(ports.items, charge) }
}

class ChargedItems implements ItemStore {
  readonly #store: ItemStore
  readonly #charge: (units: number) => void
  /** Of the unit that the request itself has paid. */
  #paidUnits = 1

  constructor(store: ItemStore, charge: (units: number) => void) {
    this.#store = store
    this.#charge = charge
  }

  get(key: ItemKey, options?: { consistent?: boolean }): Promise<Attributes | undefined> {
    return this.#store.get(key, options)
  }

  transact(writes: readonly Write[]): Promise<void> {
    return this.#store.transact(writes)
  }

  async query(query: ItemQuery): Promise<ItemPage> {
    const page = await this.#store.query(query)
    const skipped = query.nextToken === undefined ? (query.skip ?? 0) : 0
    const units = chargeForRows({ read: page.items.length, skipped })
    const paid = Math.min(units, this.#paidUnits)
    this.#paidUnits -= paid
    if (units > paid) this.#charge(units - paid)
    return page
  }

  queryDue(query: DueQuery): Promise<DuePage> {
    return this.#store.queryDue(query)
  }

  scan(query: { limit: number; nextToken?: string }): Promise<ItemPage> {
    return this.#store.scan(query)
  }
}
