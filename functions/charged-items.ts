import { chargeForRows, UNITS_PAID } from '../shared/domain/charges.ts'
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
import { type Lines, oneAtATime } from './one-at-a-time.ts'

/** A query for more than a page of a list is one of those that go on until there are no more. */
const MAX_PAGE_ROWS = 101

const LONG_QUERIES: Lines = new Map()

/**
 * The ports for this request: what its queries read is charged to its tenant, on every route alike. A request that
 * reads ten thousand rows costs as much as a hundred that read a page, and the next ones wait for it; of those that are
 * under way already one at a time has a long query.
 */
export function chargedPorts<Ports extends { readonly budgets: Budgets; readonly items?: ItemStore }>(
  ports: Ports,
  { tenant }: Pick<Caller, 'tenant'>,
): Ports {
  if (ports.items === undefined) return ports
  const charge = (units: number) => ports.budgets.charge({ budget: 'requests', of: tenant }, units)
  return { ...ports, items: new ChargedItems(ports.items, { tenant, charge }) }
}

class ChargedItems implements ItemStore {
  readonly #store: ItemStore
  readonly #tenant: string
  readonly #charge: (units: number) => void
  /** Of what the request itself has paid for. */
  #paidUnits = UNITS_PAID

  constructor(store: ItemStore, { tenant, charge }: { tenant: string; charge: (units: number) => void }) {
    this.#store = store
    this.#tenant = tenant
    this.#charge = charge
  }

  get(key: ItemKey, options?: { consistent?: boolean }): Promise<Attributes | undefined> {
    return this.#store.get(key, options)
  }

  transact(writes: readonly Write[]): Promise<void> {
    return this.#store.transact(writes)
  }

  async query(query: ItemQuery): Promise<ItemPage> {
    const read = () => this.#store.query(query)
    const page = await (query.limit > MAX_PAGE_ROWS ? oneAtATime(LONG_QUERIES, this.#tenant, read) : read())
    const skipped = query.nextToken === undefined ? (query.skip ?? 0) : 0
    const listed = query.only !== undefined
    const units = chargeForRows({ read: page.items.length, skipped, listed })
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
