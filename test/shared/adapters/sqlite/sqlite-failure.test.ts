import {
  commitErrorFrom,
  fileErrorFrom,
  storeErrorFrom,
} from '../../../../shared/adapters/sqlite/sqlite-failure.ts'

const FILE = '/var/lib/flow-vault/vault.db'

/** As node:sqlite throws it; its message may hold the row that broke a constraint. */
const ofSqlite = (errcode: number, errstr: string) =>
  Object.assign(new Error('canary'), { errcode, errstr, code: 'ERR_SQLITE_ERROR' })

/** As node:fs throws it: of a write it knows no path, and of some numbers no name. */
const ofSystem = (errno: number, code: string) =>
  Object.assign(new Error(`${code}: canary, write`), { errno: -errno, code, syscall: 'write' })

describe('fileErrorFrom', () => {
  it.each<[string, unknown, RegExp]>([
    ['a full disk', ofSystem(28, 'ENOSPC'), /the disk is full \(ENOSPC\)\. Make room on it\.$/],
    [
      'a quota',
      ofSystem(122, 'Unknown system error -122'),
      /share of the disk is used up \(EDQUOT\)\. .*quota/,
    ],
    ['a read-only mount', ofSystem(30, 'EROFS'), /it is read-only \(EROFS\)\. .*mounted for writing/],
    ['another’s folder', ofSystem(13, 'EACCES'), /this user may not read or write it \(EACCES\)\. .*chown/],
    ['a faulty disk', ofSystem(5, 'EIO'), /the disk reports a fault \(EIO\)\. .*copy the folder/],
    ['a limit on files', ofSystem(27, 'EFBIG'), /would grow past a limit \(EFBIG\)\. .*ulimit -f/],
    ['no more descriptors', ofSystem(24, 'EMFILE'), /too many files are open \(EMFILE\)\. .*ulimit -n/],
    ['anything else', ofSystem(20, 'ENOTDIR'), /it cannot be used \(ENOTDIR\)\.$/],
    [
      'a full disk, by SQLite',
      ofSqlite(13, 'database or disk is full'),
      /the disk is full \(SQLite code 13, database or disk is full\)\. Make room on it\.$/,
    ],
    [
      'a failed write, by SQLite',
      ofSqlite(778, 'disk I/O error'),
      /full, a quota .*code 778.*Look at df, quota/,
    ],
    [
      'a read-only mount, by SQLite',
      ofSqlite(1032, 'attempt to write'),
      /it is read-only .*mounted for writing/,
    ],
    [
      'a file that cannot be made, by SQLite',
      ofSqlite(14, 'unable to open'),
      /cannot be opened or made .*See that/,
    ],
    [
      'a damaged file',
      ofSqlite(26, 'file is not a database'),
      /code 26 \(file is not a database\)\. Put it back/,
    ],
  ])('names the file, the reason and what to do for %s', (_, error, words) => {
    const told = fileErrorFrom(error, FILE) as Error
    expect(told).toMatchObject({ name: 'StoreUnavailableError', outcome: 'not-applied' })
    expect(told.message).toMatch(words)
    expect(told.message.startsWith(`${FILE}: `)).toBe(true)
    expect(told.message).not.toContain('canary')
  })

  it('passes on what is no failure of a file', () => {
    const other = new Error('other')
    expect(fileErrorFrom(other, FILE)).toBe(other)
  })
})

describe('commitErrorFrom and storeErrorFrom', () => {
  it('say of a running write what is said of a start', () => {
    const full = ofSqlite(13, 'database or disk is full')
    const words = { message: (fileErrorFrom(full, FILE) as Error).message }
    expect(storeErrorFrom(full, FILE)).toMatchObject({ ...words, outcome: 'not-applied' })
    expect(commitErrorFrom(full, { path: FILE, outcome: 'unknown' })).toMatchObject({
      ...words,
      outcome: 'unknown',
    })
  })
})
