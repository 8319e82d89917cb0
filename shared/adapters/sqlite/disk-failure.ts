import { constants } from 'node:os'

/** What a disk may refuse, in words for the person who keeps it: why, and what to do about it. */
export interface DiskFailure {
  readonly reason: string
  readonly next: string
}

const FULL = { reason: 'the disk is full', next: 'Make room on it' }
const FORBIDDEN = {
  reason: 'this user may not read or write it',
  next: 'Make the folder and all that is in it this user’s own (chown -R, chmod -R u+rwX)',
}
const READ_ONLY = {
  reason: 'it is read-only',
  next: 'See that its disk is mounted for writing (after a fault Linux remounts one read-only: dmesg says why) and that the folder is this user’s',
}
const TOO_MANY_FILES = {
  reason: 'too many files are open',
  next: 'Raise the limit of open files (ulimit -n)',
}
/** SQLite keeps to itself which of these it met. */
const REFUSED = {
  reason:
    'the disk did not do what was asked: it is full, a quota or a limit on the size of files is reached, or it fails',
  next: 'Look at df, quota, ulimit -f and dmesg, and mend what they show',
}
const UNOPENED = {
  reason: 'it cannot be opened or made',
  next: 'See that the folder is there, is this user’s, and its disk is mounted for writing',
}

/** By the codes of the system (errno(3)). */
const BY_SYSTEM_CODE: Readonly<Record<string, DiskFailure>> = {
  ENOSPC: FULL,
  EDQUOT: {
    reason: 'this user’s share of the disk is used up',
    next: 'Make room in it, or have the quota raised',
  },
  EFBIG: {
    reason: 'a file would grow past a limit',
    next: 'Raise the limit on the size of files (ulimit -f)',
  },
  EROFS: READ_ONLY,
  EACCES: FORBIDDEN,
  EPERM: FORBIDDEN,
  EIO: {
    reason: 'the disk reports a fault',
    next: 'Look at dmesg, and copy the folder to another disk before more of it is lost',
  },
  EMFILE: TOO_MANY_FILES,
  ENFILE: TOO_MANY_FILES,
}

/** By SQLite's primary codes (sqlite.org/rescode.html): PERM, READONLY, IOERR, FULL, CANTOPEN. */
const BY_SQLITE_CODE: Readonly<Record<number, DiskFailure>> = {
  3: FORBIDDEN,
  8: READ_ONLY,
  10: REFUSED,
  13: FULL,
  14: UNOPENED,
}

/** Numbers that Node has no name for: its errors call EDQUOT "Unknown system error -122". */
const NAMES_BY_NUMBER = new Map(Object.entries(constants.errno).map(([name, number]) => [number, name]))

/** What an error of a system call says of a disk, with its name; no failure for one that says nothing of it. */
export function diskFailureOfSystem(error: { readonly code?: unknown; readonly errno?: unknown }): {
  readonly name: string
  readonly failure: DiskFailure | undefined
} {
  const named = typeof error.errno === 'number' ? NAMES_BY_NUMBER.get(-error.errno) : undefined
  const name = named ?? String(error.code ?? 'unknown')
  return { name, failure: Object.hasOwn(BY_SYSTEM_CODE, name) ? BY_SYSTEM_CODE[name] : undefined }
}

/** What one of SQLite's primary codes says of a disk; undefined for one that says nothing of it. */
export function diskFailureOfSqlite(primaryCode: number): DiskFailure | undefined {
  return BY_SQLITE_CODE[primaryCode]
}
