import { backup, DatabaseSync } from 'node:sqlite'
import { decideWrites } from '../../ports/item-conditions.ts'
import {
  type Attributes,
  type DuePage,
  type DueQuery,
  type Item,
  type ItemKey,
  type ItemPage,
  type ItemQuery,
  type ItemStore,
  type ScanQuery,
  StoreUnavailableError,
  type Write,
} from '../../ports/item-store.ts'
import { afterOthers } from '../../ports/others-turn.ts'
import {
  decodePageToken,
  dueQueryIdentity,
  encodePageToken,
  itemQueryIdentity,
  SCAN_IDENTITY,
} from '../../ports/page-token.ts'
import { sortRange, validatePage } from '../../ports/sort-range.ts'
import { validateWrites } from '../../ports/valid-writes.ts'
import { markOf, writeMark } from './database-mark.ts'
import { GroupCommit } from './group-commit.ts'
import { ItemStatements } from './item-statements.ts'
import { migrate } from './migrations.ts'
import { createPrivateFile, openDatabase, withPatienceOfOpening } from './open-database.ts'
import { fileErrorFrom, storeErrorFrom } from './sqlite-failure.ts'

/** A backup copies every page in one step: one snapshot, which other writers cannot make it start again. */
const ALL_PAGES = 2 ** 31 - 1
/** Pages up to this are read at once; of longer ones so many at a time, which takes a quarter of a millisecond. */
const LONG_PAGE_ITEMS = 101
const SLICE_ITEMS = 64
const MOVE_LOG = 'PRAGMA wal_checkpoint(TRUNCATE)'
/** As many faults as are worth reading; SQLite's own default. */
const MAX_INTEGRITY_FAULTS = 100

/** The row store in one SQLite file, for one machine; several processes may have it open. */
export class SqliteItemStore implements ItemStore {
  readonly #path: string
  readonly #database: DatabaseSync
  readonly #statements: ItemStatements
  readonly #commits: GroupCommit
  #closed = false
  #isServing = false

  private constructor(path: string, database: DatabaseSync, maxBusyTries: number | undefined) {
    this.#path = path
    this.#database = database
    this.#statements = new ItemStatements(database)
    this.#commits = new GroupCommit(database, {
      path,
      ...(maxBusyTries === undefined ? {} : { maxBusyTries }),
    })
  }

  /**
   * Opens the file at `path`, makes it if it is absent (mode 0600, in a directory that exists), and brings its
   * schema up to date. A write waits for another process's lock `maxBusyTries` times 25 ms.
   * Throws StoreUnavailableError when the file cannot be used, and NewerDatabaseError.
   */
  static open(options: { path: string; maxBusyTries?: number }): SqliteItemStore {
    const { path, maxBusyTries } = options
    try {
      return new SqliteItemStore(path, openDatabase(path, migrate), maxBusyTries)
    } catch (error) {
      throw fileErrorFrom(error, path)
    }
  }

  /**
   * Marks the file as the database of this vault and as in use until it is closed, and answers how often that was
   * done, the times its key file knows of included. On the disk, in the database file itself, when this returns.
   */
  beginUse({ vault, openedBefore }: { vault: string; openedBefore: number }): number {
    return this.#withFile(() => {
      const mark = markOf(this.#database)
      const opened = Math.max(mark?.opened ?? 0, openedBefore) + 1
      withPatienceOfOpening(this.#database, () => {
        writeMark(this.#database, { vault, opened, isInUse: true, parts: mark?.parts ?? [] })
        this.#database.exec(MOVE_LOG)
      })
      this.#isServing = true
      return opened
    })
  }

  /** Keeps the names of the files that the vault consists of besides this one. */
  recordParts(parts: readonly string[]): void {
    this.#withFile(() => {
      const mark = markOf(this.#database)
      if (mark === undefined || mark.parts.join() === parts.join()) return
      withPatienceOfOpening(this.#database, () => writeMark(this.#database, { ...mark, parts }))
    })
  }

  /**
   * Moves the write-ahead log into the database file and empties it, so that neither holds what was replaced or
   * deleted. Another process that reads from the log keeps it from being emptied; then the next time does it.
   */
  moveLog(): void {
    this.#withFile(() => this.#database.exec(MOVE_LOG))
  }

  /** Commits what waits, moves the write-ahead log into the database file, and closes it. May be repeated. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#commits.flush()
    let keeper: DatabaseSync | undefined
    try {
      const mark = markOf(this.#database)
      if (mark?.isInUse === true) {
        if (this.#isServing) writeMark(this.#database, { ...mark, isInUse: false })
        else keeper = keepLog(this.#path)
      }
      // Another process may be reading from the log; then it stays, and nothing is lost.
      this.#database.exec(MOVE_LOG)
    } catch (error) {
      throw storeErrorFrom(error, this.#path)
    } finally {
      this.#database.close()
      keeper?.close()
    }
  }

  async get(key: ItemKey): Promise<Attributes | undefined> {
    return this.#withFile(() => this.#statements.get(key))
  }

  async transact(writes: readonly Write[]): Promise<void> {
    this.#assertOpen()
    validateWrites(writes)
    return this.#commits.run(() => {
      // All conditions are judged before the first row is written, so a refusal leaves nothing to undo.
      const decided = decideWrites(writes, (key) => this.#statements.get(key))
      for (const { key, after } of decided) {
        if (after === undefined) this.#statements.delete(key)
        else this.#statements.put(key, after)
      }
    })
  }

  async query(query: ItemQuery): Promise<ItemPage> {
    validatePage(query)
    const identity = itemQueryIdentity(query)
    const position = decodePageToken(identity, query.nextToken, [''] as [string])
    // One more than asked for shows whether there is a next page.
    const found = await this.#walkInTurns(query, position?.[0], query.limit + 1)
    const items = found.slice(0, query.limit)
    const last = items.at(-1)
    if (last === undefined || found.length <= query.limit) return { items }
    return { items, nextToken: encodePageToken(identity, [last.key.sort]) }
  }

  /** Up to `limit` items behind `position`. A long walk lets everybody else have a turn after each slice of it. */
  async #walkInTurns(query: ItemQuery, position: string | undefined, limit: number): Promise<Item[]> {
    const { partition, descending = false, only } = query
    const slice = limit <= LONG_PAGE_ITEMS ? limit : SLICE_ITEMS
    const found: Item[] = []
    for (let at = position; ; at = found.at(-1)!.key.sort) {
      // The token's position lies behind what the first page skipped.
      const skip = at === undefined ? (query.skip ?? 0) : 0
      const wanted = Math.min(slice, limit - found.length)
      const read = this.#withFile(() =>
        this.#statements.walk({ partition, ...sortRange(query, at), descending, skip, limit: wanted, only }),
      )
      found.push(...read)
      if (read.length < wanted || found.length === limit) return found
      await afterOthers()
    }
  }

  async queryDue(query: DueQuery): Promise<DuePage> {
    validatePage(query)
    const { shard, dueAtMostMs, limit } = query
    const identity = dueQueryIdentity(query)
    const position = decodePageToken(identity, query.nextToken, [0, '', ''] as [number, string, string])
    const after = position && { dueAtMs: position[0], key: { partition: position[1], sort: position[2] } }
    const found = this.#withFile(() => this.#statements.due({ shard, dueAtMostMs, after, limit: limit + 1 }))
    const items = found.slice(0, limit)
    const last = items.at(-1)
    if (last === undefined || found.length <= limit) return { items }
    const { partition, sort } = last.key
    return { items, nextToken: encodePageToken(identity, [last.dueAtMs, partition, sort]) }
  }

  async scan(query: ScanQuery): Promise<ItemPage> {
    validatePage(query)
    if ((query.segment?.index ?? 0) > 0) return { items: [] }
    const position = decodePageToken(SCAN_IDENTITY, query.nextToken, ['', ''] as [string, string])
    const after = position && { partition: position[0], sort: position[1] }
    const found = this.#withFile(() => this.#statements.scan(after, query.limit + 1))
    const items = found.slice(0, query.limit)
    const last = items.at(-1)
    if (last === undefined || found.length <= query.limit) return { items }
    return { items, nextToken: encodePageToken(SCAN_IDENTITY, [last.key.partition, last.key.sort]) }
  }

  /**
   * Removes up to `limit` items whose `expires_at_s` is before `nowMs`, and returns how many it removed:
   * what DynamoDB's time to live does by itself.
   */
  async removeExpired(nowMs: number, limit: number): Promise<number> {
    this.#assertOpen()
    validatePage({ limit })
    return this.#commits.run(() => this.#statements.removeExpired(nowMs / 1000, limit))
  }

  /**
   * Writes a snapshot of the database to a new file at `path` (mode 0600) while the store goes on working.
   * Throws StoreUnavailableError when the file exists or cannot be written; a half-written file is left there.
   */
  async backupTo(path: string): Promise<void> {
    this.#assertOpen()
    try {
      createPrivateFile(path, 'wx')
      // A connection of its own: this store's could be in the middle of a batch when the copy starts.
      const source = new DatabaseSync(this.#path, { readOnly: true })
      try {
        await backup(source, path, { rate: ALL_PAGES })
      } finally {
        source.close()
      }
      markUnused(path)
    } catch (error) {
      throw fileErrorFrom(error, path)
    }
  }

  /** The faults that SQLite finds in the file, at most 100; none means it is sound. Reads all of it meanwhile. */
  async checkIntegrity(): Promise<string[]> {
    const rows = this.#withFile(() =>
      this.#database.prepare(`PRAGMA integrity_check(${MAX_INTEGRITY_FAULTS})`).all(),
    )
    return rows.map((row) => String(row['integrity_check'])).filter((fault) => fault !== 'ok')
  }

  #withFile<Result>(use: () => Result): Result {
    this.#assertOpen()
    try {
      return use()
    } catch (error) {
      throw storeErrorFrom(error, this.#path)
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw new StoreUnavailableError('the store is closed', 'not-applied')
  }
}

/**
 * A reader to close last, because the last writer that closes deletes the log: a database in use, as a killed server
 * leaves it, is whole only with its log (sqlite.org/wal.html, "read-only").
 */
function keepLog(path: string): DatabaseSync {
  const reader = new DatabaseSync(path, { readOnly: true })
  // SQLite opens the file at the first read.
  markOf(reader)
  return reader
}

/** A copy is in nobody's use, and is whole without a log. */
function markUnused(copy: string): void {
  const database = new DatabaseSync(copy)
  try {
    const mark = markOf(database)
    if (mark !== undefined) writeMark(database, { ...mark, isInUse: false })
  } finally {
    database.close()
  }
}
