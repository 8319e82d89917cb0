import { closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { isBusy } from './sqlite-failure.ts'

/** Opening may wait for a second process that migrates or recovers the file; nothing else runs yet. */
const OPEN_BUSY_TIMEOUT_MS = 5000
/** Switching to WAL does not always wait by itself, so a busy answer is asked again this often. */
const MAX_WAL_TRIES = 20
/** While the server runs, SQLite waits for a lock in this thread: short, because everything else waits too. */
const BUSY_TIMEOUT_MS = 25
/** 32 MiB of pages: the index of a million rows, and what is read again and again. Negative means KiB. */
const CACHE_KIB = 32 * 1024
/** The write-ahead log is cut back to 64 MiB after a burst. */
const MAX_IDLE_WAL_BYTES = 64 * 1024 * 1024
/** Rows may hold ciphertext and who-has-what: the file is the owner's alone. SQLite gives its side files the same mode. */
const FILE_MODE = 0o600

/**
 * Opens or creates a database file for durable, concurrent use: WAL, and every commit on the disk before it
 * returns (`synchronous=FULL`). `prepare` runs while the long busy timeout still holds. Throws what SQLite throws.
 */
export function openDatabase(path: string, prepare: (database: DatabaseSync) => void): DatabaseSync {
  createPrivateFile(path)
  const database = new DatabaseSync(path, {
    timeout: OPEN_BUSY_TIMEOUT_MS,
    enableForeignKeyConstraints: false,
  })
  try {
    // Before the first write: what is deleted or replaced is overwritten with zeros, and not only given free.
    database.exec('PRAGMA secure_delete = ON')
    switchToWal(database)
    database.exec(`PRAGMA synchronous = FULL; PRAGMA cache_size = ${-CACHE_KIB};
      PRAGMA journal_size_limit = ${MAX_IDLE_WAL_BYTES}; PRAGMA temp_store = MEMORY`)
    prepare(database)
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** Runs `use` with the patience of opening: before anything is served there is time to wait for another process. */
export function withPatienceOfOpening<Result>(database: DatabaseSync, use: () => Result): Result {
  database.exec(`PRAGMA busy_timeout = ${OPEN_BUSY_TIMEOUT_MS}`)
  try {
    return use()
  } finally {
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
  }
}

/** Creates an empty file that only its owner may read, which SQLite takes for an empty database; `wx`: it must be new. */
export function createPrivateFile(path: string, flag: 'a' | 'wx' = 'a'): void {
  closeSync(openSync(path, flag, FILE_MODE))
}

function switchToWal(database: DatabaseSync): void {
  for (let tries = 1; ; tries++) {
    try {
      database.exec('PRAGMA journal_mode = WAL')
      return
    } catch (error) {
      if (!isBusy(error) || tries === MAX_WAL_TRIES) throw error
    }
  }
}
