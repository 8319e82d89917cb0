import { InvariantError } from '../../domain/errors.ts'
import { deliveryShard, findPartitionParts, outboxShards } from '../../domain/keys.ts'

/** Kinds of items that are kept apart from the rows: who follows their stream sees changes and never a row. */
const EVENT_KINDS = new Set(['EVENTS', 'FEED', 'FEED_HEAD', 'DELIVERIES'])
const EVENT_SHARDS = new Set([...outboxShards(), deliveryShard()])

/** The two tables of a vault, both shaped as `TABLE_DEFINITION` says. */
export class VaultTables {
  readonly rows: string
  readonly #events: string | undefined

  /** `events` is absent where a role has nothing to do with them. */
  constructor(names: { rows: string; events: string | undefined }) {
    this.rows = names.rows
    this.#events = names.events
  }

  /** The table that holds a partition. Throws InvariantError for one of a table that this role does not have. */
  ofPartition(partition: string): string {
    return EVENT_KINDS.has(findPartitionParts(partition)?.kind ?? '') ? this.#eventsTable() : this.rows
  }

  /** The table in whose due index a shard is. Throws as `ofPartition` does. */
  ofShard(shard: string): string {
    return EVENT_SHARDS.has(shard) ? this.#eventsTable() : this.rows
  }

  #eventsTable(): string {
    if (this.#events === undefined) throw new InvariantError('this function has no table of events')
    return this.#events
  }
}
