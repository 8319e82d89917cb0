import { InvariantError } from '../../domain/errors.ts'
import { StoreUnavailableError } from '../../ports/item-store.ts'
import { diskFailureOfSqlite, diskFailureOfSystem } from './disk-failure.ts'

/** SQLite's primary result codes (sqlite.org/rescode.html). The low byte of an extended code is the primary one. */
const PRIMARY_CODE_MASK = 0xff
const SQLITE_BUSY = 5
/** CORRUPT and NOTADB. */
const DAMAGED = new Set([11, 26])
const PUT_BACK = 'Put it back from your copy, or restore a backup into another folder.'
/** ERROR (bad SQL), CONSTRAINT, MISMATCH, MISUSE and RANGE: the file is well, our statement is not. */
const CODES_OF_OUR_BUGS = new Set([1, 19, 20, 21, 25])

/** What `node:sqlite` throws when SQLite itself reports a failure. */
interface SqliteFailure {
  readonly errcode: number
  readonly errstr: string
}

/** Whether SQLite, and not our own code around it, threw this. */
export function isSqliteFailure(error: unknown): error is SqliteFailure {
  // By shape: instanceof fails for an error from another realm, and test runners give modules a realm of their own.
  return (
    typeof error === 'object' && error !== null && 'errcode' in error && typeof error.errcode === 'number'
  )
}

/** Whether another connection holds the lock that was asked for. */
export function isBusy(error: unknown): boolean {
  return isSqliteFailure(error) && primaryOf(error) === SQLITE_BUSY
}

/**
 * The error to throw for a failure before any COMMIT: StoreUnavailableError (`not-applied`) for a busy, full,
 * broken or unreadable database, InvariantError for a wrong statement, and anything else as it is. Messages carry
 * the file, SQLite's code with its fixed text, and what a person can do; never the library's own message.
 */
export function storeErrorFrom(error: unknown, path: string): unknown {
  if (!isSqliteFailure(error)) return error
  if (CODES_OF_OUR_BUGS.has(primaryOf(error))) return new InvariantError(describe(error))
  return new StoreUnavailableError(explain(error, path), 'not-applied')
}

/**
 * The error to throw when COMMIT failed, whatever its code: for who wrote, what is on the disk is `unknown`.
 */
export function commitErrorFrom(
  error: unknown,
  { path, outcome }: { path: string; outcome: 'not-applied' | 'unknown' },
): unknown {
  return isSqliteFailure(error) ? new StoreUnavailableError(explain(error, path), outcome) : error
}

/** A failure over a file, of SQLite or of the file system, as `storeErrorFrom` has it; anything else as it is. */
export function fileErrorFrom(error: unknown, path: string): unknown {
  if (typeof error !== 'object' || error === null || !('syscall' in error && 'code' in error))
    return storeErrorFrom(error, path)
  const { name, failure } = diskFailureOfSystem(error)
  const words =
    failure === undefined ? `it cannot be used (${name})` : `${failure.reason} (${name}). ${failure.next}`
  return new StoreUnavailableError(`${path}: ${words}.`, 'not-applied')
}

function explain(failure: SqliteFailure, path: string): string {
  const disk = diskFailureOfSqlite(primaryOf(failure))
  if (disk !== undefined)
    return `${path}: ${disk.reason} (SQLite code ${failure.errcode}, ${failure.errstr}). ${disk.next}.`
  const next = DAMAGED.has(primaryOf(failure)) ? `. ${PUT_BACK}` : ''
  return `${path}: ${describe(failure)}${next}`
}

function primaryOf(failure: SqliteFailure): number {
  return failure.errcode & PRIMARY_CODE_MASK
}

function describe(failure: SqliteFailure): string {
  return `SQLite reported code ${failure.errcode} (${failure.errstr})`
}
