import { InvariantError } from '../../domain/errors.ts'
import { StoreUnavailableError } from '../../ports/item-store.ts'

/** SQLite's primary result codes (sqlite.org/rescode.html). The low byte of an extended code is the primary one. */
const PRIMARY_CODE_MASK = 0xff
const SQLITE_BUSY = 5
/** CORRUPT and NOTADB. */
const DAMAGED = new Set([11, 26])
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
  return isSqliteFailure(error) && (error.errcode & PRIMARY_CODE_MASK) === SQLITE_BUSY
}

/**
 * The error to throw for a failure before any COMMIT: StoreUnavailableError (`not-applied`) for a busy, full,
 * broken or unreadable database, InvariantError for a wrong statement, and anything else as it is. Messages carry
 * SQLite's code and its fixed text for it, never the library's own message.
 */
export function storeErrorFrom(error: unknown): unknown {
  if (!isSqliteFailure(error)) return error
  if (CODES_OF_OUR_BUGS.has(error.errcode & PRIMARY_CODE_MASK)) return new InvariantError(describe(error))
  return new StoreUnavailableError(describe(error), 'not-applied')
}

/**
 * The error to throw when COMMIT failed, whatever its code: for who wrote, what is on the disk is `unknown`.
 */
export function commitErrorFrom(error: unknown, outcome: 'not-applied' | 'unknown'): unknown {
  return isSqliteFailure(error) ? new StoreUnavailableError(describe(error), outcome) : error
}

/**
 * A failure to open a file, by SQLite or by the file system, as StoreUnavailableError that names the file, and what
 * helps where it is damaged; anything else as it is.
 */
export function openingError(error: unknown, path: string): unknown {
  if (isSqliteFailure(error)) {
    if (CODES_OF_OUR_BUGS.has(error.errcode & PRIMARY_CODE_MASK)) return storeErrorFrom(error)
    const isDamaged = DAMAGED.has(error.errcode & PRIMARY_CODE_MASK)
    const next = isDamaged ? '. Put it back from your copy, or restore a backup into another folder.' : ''
    return new StoreUnavailableError(`${path}: ${describe(error)}${next}`, 'not-applied')
  }
  if (typeof error === 'object' && error !== null && 'syscall' in error && 'code' in error) {
    return new StoreUnavailableError(`${path} cannot be opened (${error.code})`, 'not-applied')
  }
  return error
}

function describe(failure: SqliteFailure): string {
  return `SQLite reported code ${failure.errcode} (${failure.errstr})`
}
