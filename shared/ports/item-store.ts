import type { ItemKey } from '../domain/item-key.ts'
import type { JsonValue } from '../domain/json.ts'

export type { ItemKey }

/**
 * The row store: items by key, one sparse index, conditional writes, transactions. Shaped after what DynamoDB
 * can do, so that the same use cases run on SQLite, in memory and on DynamoDB. Every adapter passes
 * `test/contract/item-store.ts`.
 */
export interface ItemStore {
  /** The item's attributes, or undefined. Strongly consistent unless `consistent` is false. */
  get(key: ItemKey, options?: { consistent?: boolean }): Promise<Attributes | undefined>

  /**
   * Applies 1 to `MAX_TRANSACTION_WRITES` writes on different items, all or none.
   * Throws `ConditionFailedError` when a condition did not hold (nothing applied), and `StoreUnavailableError`
   * when the store could not be reached; its `outcome` says whether the writes may have been applied.
   */
  transact(writes: readonly Write[]): Promise<void>

  /** One partition's items in ascending sort-key order (by UTF-8 bytes), strongly consistent. */
  query(query: ItemQuery): Promise<ItemPage>

  /**
   * Keys of items whose `due_shard` is `shard` and whose `due_at` is at most `dueAtMostMs`, nearest first.
   * Eventually consistent: a result may be stale or late, so callers re-read the item before they act.
   */
  queryDue(query: DueQuery): Promise<DuePage>

  /**
   * Every item there is, in no order: for the daily comparison of both stores and for whoever moves or removes a whole
   * vault. With `segment` a part of them: over all segments, each item once. A store of one machine may have all in the
   * first.
   */
  scan(query: ScanQuery): Promise<ItemPage>
}

/** DynamoDB: 100 actions in one TransactWriteItems. */
export const MAX_TRANSACTION_WRITES = 100

export type AttributeValue = JsonValue

/**
 * A flat or nested JSON object. A member that is undefined is not stored. Reserved names:
 * `due_shard` (string) with `due_at` (epoch ms) put the item into the index, both or neither;
 * `expires_at_s` (epoch seconds) lets the store remove it some time after that instant, so readers check it.
 */
export interface Attributes {
  readonly [name: string]: AttributeValue | undefined
}

export interface Item {
  readonly key: ItemKey
  readonly attributes: Attributes
}

/** `attribute` may be a path into nested objects, such as `attempt.fence`. Neither kind holds for an absent item, except `item-absent`, `absent` and `absent-or-at-most`. */
export type Condition =
  | { readonly kind: 'item-absent' }
  | { readonly kind: 'item-present' }
  | { readonly kind: 'equals'; readonly attribute: string; readonly value: string | number | boolean }
  | { readonly kind: 'absent'; readonly attribute: string }
  | { readonly kind: 'absent-or-at-most'; readonly attribute: string; readonly value: number }

/** The condition that an attribute is still what it was seen to be, or still not there. */
export function sameAs(attribute: string, seen: string | number | undefined): Condition {
  return seen === undefined ? { kind: 'absent', attribute } : { kind: 'equals', attribute, value: seen }
}

export type Write =
  | {
      readonly op: 'put'
      readonly key: ItemKey
      readonly attributes: Attributes
      readonly when?: readonly Condition[]
    }
  | {
      /** Creates the item when it is absent, unless a condition forbids it. Names are top-level attributes, each named once. */
      readonly op: 'update'
      readonly key: ItemKey
      /** A member that is undefined removes the attribute. `due_shard` and `due_at` are set or removed together. */
      readonly set?: Attributes
      readonly remove?: readonly string[]
      /** Adds to a number; an absent one counts as 0. */
      readonly add?: Readonly<Record<string, number>>
      readonly when?: readonly Condition[]
    }
  | { readonly op: 'delete'; readonly key: ItemKey; readonly when?: readonly Condition[] }
  | { readonly op: 'check'; readonly key: ItemKey; readonly when: readonly Condition[] }

export interface ItemQuery {
  readonly partition: string
  /** Only sort keys that start with this. */
  readonly sortPrefix?: string
  /** Only sort keys greater than this one. */
  readonly after?: string
  /** Leaves out this many items first; cheaper than reading them. */
  readonly skip?: number
  readonly limit: number
  /** The attributes that are needed, top-level ones; a store may answer with more of them. */
  readonly only?: readonly string[]
  /** Descending order instead; `after` then means smaller than. */
  readonly descending?: boolean
  /** From the page before; opaque, and only good for the same query (another limit is fine): any other is VaultError `invalid-query`. */
  readonly nextToken?: string
}

/** One of `of` parts of a whole, counted from 0. */
export interface Segment {
  readonly index: number
  readonly of: number
}

export interface ScanQuery {
  readonly limit: number
  readonly nextToken?: string
  readonly segment?: Segment
}

export interface ItemPage {
  readonly items: readonly Item[]
  readonly nextToken?: string
}

export interface DueQuery {
  readonly shard: string
  readonly dueAtMostMs: number
  readonly limit: number
  readonly nextToken?: string
}

export interface DuePage {
  readonly items: readonly { readonly key: ItemKey; readonly dueAtMs: number }[]
  readonly nextToken?: string
}

/** A condition of the write at `writeIndex` did not hold; `current` is that item as it is, when known. */
export class ConditionFailedError extends Error {
  override readonly name = 'ConditionFailedError'
  readonly writeIndex: number
  readonly current: Attributes | undefined

  constructor(writeIndex: number, current: Attributes | undefined) {
    super(`the condition of write ${writeIndex} did not hold`)
    this.writeIndex = writeIndex
    this.current = current
  }
}

/** The store did not answer as it should: `not-applied` may be repeated, `unknown` must be read back first. */
export class StoreUnavailableError extends Error {
  override readonly name: string = 'StoreUnavailableError'
  readonly outcome: 'not-applied' | 'unknown'

  constructor(message: string, outcome: 'not-applied' | 'unknown', options?: { cause?: unknown }) {
    super(message, options)
    this.outcome = outcome
  }
}
