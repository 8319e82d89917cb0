import {
  DeleteItemCommand,
  type DynamoDBClient,
  type AttributeValue as Encoded,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb'
import { InvariantError } from '../../domain/errors.ts'
import { newUuid } from '../../domain/ids.ts'
import type { Clock } from '../../ports/clock.ts'
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
import {
  decodePageToken,
  dueQueryIdentity,
  encodePageToken,
  itemQueryIdentity,
  SCAN_IDENTITY,
} from '../../ports/page-token.ts'
import type { Random } from '../../ports/random.ts'
import { validatePage } from '../../ports/sort-range.ts'
import { validateWrites } from '../../ports/valid-writes.ts'
import { decodeAttributes, decodeKey, encodeKey } from './attribute-codec.ts'
import { sendRepeatedly } from './repeated-send.ts'
import { sortKeyRange } from './sort-key-range.ts'
import { TABLE_DEFINITION } from './table-definition.ts'
import { VaultTables } from './vault-tables.ts'
import { compileWrite, Placeholders } from './write-expression.ts'

type EncodedItem = Record<string, Encoded>

/** One answer of Query or Scan: at most 1 MB, so it may hold fewer items than asked for, or none. */
interface RawPage {
  readonly items: readonly EncodedItem[]
  readonly count: number
  readonly lastKey: EncodedItem | undefined
}

/**
 * The row store in two DynamoDB tables of one shape (`TABLE_DEFINITION`): the rows, and what happened to them; one
 * transaction spans both. `client` is made with `DYNAMO_CLIENT_SETTINGS`: the first call throws InvariantError when
 * the SDK would retry by itself. `scan` reads the rows alone: nothing compares events.
 */
export class DynamoItemStore implements ItemStore {
  readonly #client: DynamoDBClient
  readonly #tables: VaultTables
  readonly #indexName: string
  readonly #clock: Clock
  readonly #random: Random
  #settingsChecked = false

  constructor(options: {
    client: DynamoDBClient
    tableName: string
    /** Absent where a role has nothing to do with events. */
    eventsTableName?: string | undefined
    indexName?: string
    clock: Clock
    random: Random
  }) {
    this.#client = options.client
    this.#tables = new VaultTables({ rows: options.tableName, events: options.eventsTableName })
    this.#indexName = options.indexName ?? TABLE_DEFINITION.dueIndex.name
    this.#clock = options.clock
    this.#random = options.random
  }

  async get(key: ItemKey, options: { consistent?: boolean } = {}): Promise<Attributes | undefined> {
    const command = new GetItemCommand({
      TableName: this.#tables.ofPartition(key.partition),
      Key: encodeKey(key),
      ConsistentRead: options.consistent ?? true,
    })
    const { Item } = await this.#send('GetItem', 'read', () => this.#client.send(command))
    return Item && decodeAttributes(Item)
  }

  async transact(writes: readonly Write[]): Promise<void> {
    validateWrites(writes)
    const items = writes.map((write) => compileWrite(this.#tables.ofPartition(write.key.partition), write))
    const [only] = items
    // A write outside a transaction costs half as much. A check alone writes nothing and has no such form.
    if (items.length === 1 && only !== undefined && only.ConditionCheck === undefined) {
      await this.#send('single write', 'once', () => this.#sendSingle(only))
      return
    }
    let token = newUuid(this.#random)
    await this.#send('TransactWriteItems', 'token', (earlierMayApply) => {
      // While an earlier try may still land, its token is kept, so that DynamoDB counts both as one.
      if (!earlierMayApply) token = newUuid(this.#random)
      const request = { TransactItems: items, ClientRequestToken: token }
      return this.#client.send(new TransactWriteItemsCommand(request))
    })
  }

  async query(query: ItemQuery): Promise<ItemPage> {
    validatePage(query)
    const identity = itemQueryIdentity(query)
    const position = decodePageToken(identity, query.nextToken, [''] as [string])?.[0]
    const range = sortKeyRange(query, position)
    if (range === undefined) return { items: [] }
    const { partition, descending = false, only } = query
    let start = range.startAfter === undefined ? undefined : encodeKey({ partition, sort: range.startAfter })
    const read = (limit: number, from: EncodedItem | undefined, select?: 'COUNT') =>
      this.#queryPage({
        ...this.#partitionRequest(partition, range.prefix, select === undefined ? only : undefined),
        Limit: limit,
        ExclusiveStartKey: from,
        Select: select,
        ConsistentRead: true,
        ScanIndexForward: !descending,
      })
    // The token's position lies behind what the first page skipped.
    let left = position === undefined ? (query.skip ?? 0) : 0
    while (left > 0) {
      const page = await read(left, start, 'COUNT')
      left -= page.count
      start = page.lastKey
      if (start === undefined) return { items: [] }
    }
    const found = await collect(query.limit + 1, start, read)
    const items = found.slice(0, query.limit).map(decodeItem)
    const last = items.at(-1)
    if (last === undefined || found.length <= query.limit) return { items }
    return { items, nextToken: encodePageToken(identity, [last.key.sort]) }
  }

  async queryDue(query: DueQuery): Promise<DuePage> {
    validatePage(query)
    const { partitionKey, sortKey } = TABLE_DEFINITION.dueIndex
    const identity = dueQueryIdentity(query)
    const position = decodePageToken(identity, query.nextToken, [0, '', ''] as [number, string, string])
    const start = position && {
      ...encodeKey({ partition: position[1], sort: position[2] }),
      [partitionKey.name]: { S: query.shard },
      [sortKey.name]: { N: String(position[0]) },
    }
    const placeholders = new Placeholders()
    const shard = `${placeholders.name(partitionKey.name)} = ${placeholders.value(query.shard)}`
    const due = `${placeholders.name(sortKey.name)} <= ${placeholders.value(query.dueAtMostMs)}`
    const request = {
      TableName: this.#tables.ofShard(query.shard),
      IndexName: this.#indexName,
      KeyConditionExpression: `${shard} AND ${due}`,
      ...placeholders.members(),
    }
    const found = await collect(query.limit + 1, start, (limit, from) =>
      this.#queryPage({ ...request, Limit: limit, ExclusiveStartKey: from }),
    )
    const items = found.slice(0, query.limit).map((item) => ({
      key: decodeKey(item),
      dueAtMs: Number(item[sortKey.name]?.N),
    }))
    const last = items.at(-1)
    if (last === undefined || found.length <= query.limit) return { items }
    const { partition, sort } = last.key
    return { items, nextToken: encodePageToken(identity, [last.dueAtMs, partition, sort]) }
  }

  async scan(query: ScanQuery): Promise<ItemPage> {
    validatePage(query)
    const { segment } = query
    const part = segment === undefined ? {} : { Segment: segment.index, TotalSegments: segment.of }
    const position = decodePageToken(SCAN_IDENTITY, query.nextToken, ['', ''] as [string, string])
    const start = position && encodeKey({ partition: position[0], sort: position[1] })
    // Strongly consistent: an item that is missed here looks like a secret without a row.
    const found = await collect(query.limit + 1, start, async (limit, from) => {
      const request = { TableName: this.#tables.rows, Limit: limit, ConsistentRead: true, ...part }
      const command = new ScanCommand({ ...request, ExclusiveStartKey: from })
      const answer = await this.#send('Scan', 'read', () => this.#client.send(command))
      return rawPage(answer)
    })
    const items = found.slice(0, query.limit).map(decodeItem)
    const last = items.at(-1)
    if (last === undefined || found.length <= query.limit) return { items }
    return { items, nextToken: encodePageToken(SCAN_IDENTITY, [last.key.partition, last.key.sort]) }
  }

  #partitionRequest(
    partition: string,
    prefix: string,
    only: readonly string[] | undefined,
  ): Partial<QueryCommandInput> & { TableName: string } {
    const placeholders = new Placeholders()
    const { partitionKey, sortKey } = TABLE_DEFINITION
    let condition = `${placeholders.name(partitionKey.name)} = ${placeholders.value(partition)}`
    if (prefix !== '') {
      const sort = placeholders.name(sortKey.name)
      condition += ` AND begins_with(${sort}, ${placeholders.value(prefix)})`
    }
    const projection = only && {
      ProjectionExpression: [partitionKey.name, sortKey.name, ...only]
        .map((name) => placeholders.name(name))
        .join(', '),
    }
    const TableName = this.#tables.ofPartition(partition)
    return { TableName, KeyConditionExpression: condition, ...projection, ...placeholders.members() }
  }

  async #queryPage(input: QueryCommandInput): Promise<RawPage> {
    const command = new QueryCommand(input)
    return rawPage(await this.#send('Query', 'read', () => this.#client.send(command)))
  }

  #sendSingle({ Put, Update, Delete }: TransactWriteItem): Promise<unknown> {
    if (Put !== undefined) return this.#client.send(new PutItemCommand(Put))
    if (Update !== undefined) return this.#client.send(new UpdateItemCommand(Update))
    return this.#client.send(new DeleteItemCommand(Delete as NonNullable<typeof Delete>))
  }

  async #send<Answer>(
    operation: string,
    repeat: 'read' | 'token' | 'once',
    send: (earlierMayApply: boolean) => Promise<Answer>,
  ): Promise<Answer> {
    if (!this.#settingsChecked) {
      if ((await this.#client.config.maxAttempts()) !== 1) {
        throw new InvariantError('the DynamoDB client retries by itself: make it with DYNAMO_CLIENT_SETTINGS')
      }
      this.#settingsChecked = true
    }
    return sendRepeatedly(send, { operation, repeat, clock: this.#clock, random: this.#random })
  }
}

/** Reads page after page until there are `limit` items or no more. */
async function collect(
  limit: number,
  start: EncodedItem | undefined,
  read: (limit: number, start: EncodedItem | undefined) => Promise<RawPage>,
): Promise<EncodedItem[]> {
  const items: EncodedItem[] = []
  let from = start
  while (items.length < limit) {
    const page = await read(limit - items.length, from)
    items.push(...page.items)
    from = page.lastKey
    if (from === undefined) break
  }
  return items
}

function rawPage(answer: { Items?: EncodedItem[]; Count?: number; LastEvaluatedKey?: EncodedItem }): RawPage {
  return { items: answer.Items ?? [], count: answer.Count ?? 0, lastKey: answer.LastEvaluatedKey }
}

function decodeItem(item: EncodedItem): Item {
  return { key: decodeKey(item), attributes: decodeAttributes(item) }
}
