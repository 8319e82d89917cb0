import { existsSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { versionOf } from './migrations.ts'
import { fileErrorFrom } from './sqlite-failure.ts'

/** What a database says of the vault it belongs to, in the table `mark`. */
export interface DatabaseMark {
  /** The id of the vault, which its key file has as well. */
  readonly vault: string
  /** How often a server has begun to use it: the higher of two copies is the newer one. */
  readonly opened: number
  /** A server uses it, or did and was killed: the newest writes are then in the write-ahead log. */
  readonly isInUse: boolean
  /** Names of the files beside it that the vault has come to consist of. */
  readonly parts: readonly string[]
}

/** How a database file stands, before anything has opened it to write. */
export type DatabaseStanding = 'absent' | 'empty' | 'unmarked' | DatabaseMark

/** The write-ahead log of a database: as long as it is there, the newest writes may be in it alone. */
export function logOf(path: string): string {
  return `${path}-wal`
}

/**
 * The mark of the database at `path`, read without changing or making any file: SQLite itself deletes the log of a
 * database that is missing or empty. Throws StoreUnavailableError when it is no database, and NewerDatabaseError.
 */
export function readDatabaseMark(path: string): DatabaseStanding {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return 'absent'
  if (stats.size === 0) return 'empty'
  return reading(path, (database) => {
    if (versionOf(database) === 0) return 'empty'
    return markOf(database) ?? 'unmarked'
  })
}

/** The first fault that SQLite finds in database and log together, or undefined. Reads all of both. */
export function findFault(path: string): string | undefined {
  return reading(path, (database) => {
    const fault = String(database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'])
    return fault === 'ok' ? undefined : fault
  })
}

/** The mark in an open database; undefined before the first. */
export function markOf(database: DatabaseSync): DatabaseMark | undefined {
  const row = database.prepare('SELECT vault, opened, in_use, parts FROM mark').get()
  if (row === undefined) return undefined
  return {
    vault: String(row['vault']),
    opened: Number(row['opened']),
    isInUse: row['in_use'] === 1,
    parts: JSON.parse(String(row['parts'])) as string[],
  }
}

/** Replaces the mark, in a transaction of its own. */
export function writeMark(database: DatabaseSync, { vault, opened, isInUse, parts }: DatabaseMark): void {
  database
    .prepare('INSERT OR REPLACE INTO mark (one, vault, opened, in_use, parts) VALUES (1, ?, ?, ?, ?)')
    .run(vault, opened, isInUse ? 1 : 0, JSON.stringify(parts))
}

function reading<Result>(path: string, read: (database: DatabaseSync) => Result): Result {
  try {
    const database = new DatabaseSync(hasLog(path) ? path : immutable(path), { readOnly: true })
    try {
      return read(database)
    } finally {
      database.close()
    }
  } catch (error) {
    throw fileErrorFrom(error, path)
  }
}

function hasLog(path: string): boolean {
  return existsSync(logOf(path))
}

/** Where there is no log, SQLite would make one to read: `immutable` (sqlite.org/uri.html) has it make nothing. */
function immutable(path: string): URL {
  const url = pathToFileURL(path)
  url.searchParams.set('immutable', '1')
  return url
}
