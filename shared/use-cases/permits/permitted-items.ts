import {
  connectionCounterKeys,
  connectionKey,
  connectionsPartition,
  findPartitionParts,
  isAuthorizationKey,
} from '../../domain/keys.ts'
import { isPermitted, type Permitted } from '../../domain/permit.ts'
import type {
  Attributes,
  DuePage,
  DueQuery,
  Item,
  ItemKey,
  ItemPage,
  ItemQuery,
  ItemStore,
  ScanQuery,
  Write,
} from '../../ports/item-store.ts'
import { pagesOf } from '../../ports/pages-of.ts'
import { AUTHORIZATION_ROWS } from '../../rows/authorization-row.ts'
import { LISTED_ATTRIBUTES, listedOf } from '../../rows/connection-row.ts'
import { CONNECTION_COUNT_ROWS } from '../../rows/count-rows.ts'
import { TOMBSTONE_ROWS } from '../../rows/tombstone-row.ts'

/** Rows read at a time to be counted. */
const PAGE_ROWS = 1000

/**
 * The row store as a narrowed client may see it: a connection that is not permitted is not there, its tombstone and
 * its events are not, and it does not count. Whatever a route does, it answers as for an id there never was.
 */
export class PermittedItems implements ItemStore {
  readonly #store: ItemStore
  readonly #permitted: Permitted

  constructor(store: ItemStore, permitted: Permitted) {
    this.#store = store
    this.#permitted = permitted
  }

  async get(key: ItemKey, options?: { consistent?: boolean }): Promise<Attributes | undefined> {
    const attributes = await this.#store.get(key, options)
    if (attributes === undefined) return undefined
    if (isAuthorizationKey(key)) return (await this.#isOfVisible(attributes)) ? attributes : undefined
    if (findPartitionParts(key.partition)?.kind === 'FEED') return this.#blank({ key, attributes }).attributes
    return this.#isVisible({ key, attributes }) ? attributes : undefined
  }

  transact(writes: readonly Write[]): Promise<void> {
    return this.#store.transact(writes)
  }

  async query(query: ItemQuery): Promise<ItemPage> {
    switch (findPartitionParts(query.partition)?.kind) {
      case 'COUNTERS':
        return { items: [await this.#countOf(query)] }
      case 'FEED':
        return this.#blanked(query)
      case 'CONNECTIONS':
      case 'TOMBSTONES':
      case 'EVENTS':
        return this.#visible(query)
      default:
        return this.#store.query(query)
    }
  }

  queryDue(query: DueQuery): Promise<DuePage> {
    return this.#store.queryDue(query)
  }

  scan(query: ScanQuery): Promise<ItemPage> {
    return this.#store.scan(query)
  }

  /** A page of what is visible; `skip` leaves out visible items only. */
  async #visible({ skip = 0, limit, nextToken, ...query }: ItemQuery): Promise<ItemPage> {
    const items: Item[] = []
    let toSkip = skip
    let token = nextToken
    do {
      // No more than what is still wanted, so that the store's own token is where the next page begins.
      const page = await this.#store.query({
        ...query,
        limit: toSkip + limit - items.length,
        ...(token === undefined ? {} : { nextToken: token }),
      })
      const visible = page.items.filter((item) => this.#isVisible(item))
      items.push(...visible.slice(toSkip))
      toSkip = Math.max(0, toSkip - visible.length)
      token = page.nextToken
    } while (token !== undefined && items.length < limit)
    return { items, ...(token === undefined ? {} : { nextToken: token }) }
  }

  async #blanked(query: ItemQuery): Promise<ItemPage> {
    const page = await this.#store.query(query)
    return { ...page, items: page.items.map((item) => this.#blank(item)) }
  }

  /** The feed keeps its numbers, which have no gaps; what is not permitted is there without its event. */
  #blank(item: Item): Item {
    const { v, expires_at_s } = item.attributes
    return this.#isVisible(item) ? item : { ...item, attributes: { v, expires_at_s } }
  }

  /** How many there are for this client, in the place of the tenant's counters. */
  async #countOf({ partition }: ItemQuery): Promise<Item> {
    const tenant = findPartitionParts(partition)!.tenant
    let total = 0
    for await (const page of pagesOf(this.#store, {
      partition: connectionsPartition(tenant),
      only: LISTED_ATTRIBUTES,
      limit: PAGE_ROWS,
    }))
      total += page.filter((item) => this.#isVisible(item)).length
    return { key: connectionCounterKeys(tenant)[0]!, attributes: CONNECTION_COUNT_ROWS.encode({ total }) }
  }

  /** Whether an authorization is of a connection that is visible; of one that is gone its id alone can tell. */
  async #isOfVisible(attributes: Attributes): Promise<boolean> {
    const { tenant, connectionId } = AUTHORIZATION_ROWS.decode(attributes)
    const row = await this.#store.get(connectionKey(tenant, connectionId))
    const appId = row === undefined ? undefined : listedOf(row).appId
    return isPermitted(this.#permitted, { id: connectionId, appId })
  }

  #isVisible({ key, attributes }: Item): boolean {
    switch (findPartitionParts(key.partition)?.kind) {
      case 'CONNECTIONS':
        return isPermitted(this.#permitted, { id: key.sort, appId: listedOf(attributes).appId })
      case 'TOMBSTONES':
        return isPermitted(this.#permitted, {
          id: key.sort,
          appId: TOMBSTONE_ROWS.decode(attributes).row.appId,
        })
      case 'EVENTS':
      case 'FEED': {
        const { connection_id, app_id } = attributes as { connection_id?: string; app_id?: string }
        return isPermitted(this.#permitted, { id: connection_id, appId: app_id })
      }
      default:
        return true
    }
  }
}
