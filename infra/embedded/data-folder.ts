import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { diskFailureOfSystem } from '../../shared/adapters/sqlite/disk-failure.ts'
import { fileErrorFrom, isBusy } from '../../shared/adapters/sqlite/sqlite-failure.ts'

const FOLDER_MODE = 0o700
const PRIVATE_FILE_MODE = 0o600

const LOCK_FILE = 'lock.db'
const HOLDER_FILE = 'server.pid'

/** Another process holds the lock. The message names the folder or file, and the process when it is known. */
export class LockedError extends Error {
  override readonly name = 'LockedError'
}

/** A file of the data folder that is gone, or not what it should be. The message says which, and what to do. */
export class DamagedFileError extends Error {
  override readonly name = 'DamagedFileError'
}

/** The data folder cannot be made or entered. The message names it, the reason, and what is allowed. */
export class DataFolderError extends Error {
  override readonly name = 'DataFolderError'
}

export interface DataFolderLock {
  /** Lets another process in. Doing it twice is harmless, and the end of the process does it anyway. */
  release(): void
}

/**
 * Creates the data folder (mode 0700) when it is absent, and makes this process its only server.
 * Throws `DataFolderError`, and `LockedError` when another one, or this one already, holds it. The lock is the kernel's: it ends with
 * the process, however that ends, so nothing is ever left to clean up by hand.
 */
export function acquireDataFolderLock(folder: string): DataFolderLock {
  createPrivateFolder(folder)
  const holderFile = path.join(folder, HOLDER_FILE)
  const lock = tryFileLock(path.join(folder, LOCK_FILE), 0)
  if (lock === undefined) {
    const holder = readHolder(holderFile)
    throw new LockedError(
      `The data folder ${path.resolve(folder)} is in use by ${holder}. ` +
        'Stop that server first, or give this one a folder of its own in FLOW_VAULT_DATA.',
    )
  }
  const release = () => {
    removeIfPossible(holderFile)
    lock.release()
  }
  try {
    writeFileAtomically(holderFile, `${process.pid}\n`, PRIVATE_FILE_MODE)
  } catch (error) {
    release()
    throw error
  }
  return { release }
}

/**
 * Holds an exclusive lock named by a file of its own, waiting up to `waitMs` (the thread blocks) for another
 * holder. Undefined when it is still held then. SQLite takes it as a POSIX lock, which dies with its process. Throws
 * `StoreUnavailableError` when the disk does not let it.
 */
export function tryFileLock(lockFile: string, waitMs: number): DataFolderLock | undefined {
  let database: DatabaseSync | undefined
  try {
    // SQLite creates its file under the umask; creating it first makes it private whatever that is.
    fs.closeSync(fs.openSync(lockFile, 'a', PRIVATE_FILE_MODE))
    database = new DatabaseSync(lockFile, { timeout: waitMs })
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database?.close()
    if (isBusy(error)) return undefined
    // A full or read-only disk, in words that a person can act on.
    throw fileErrorFrom(error, lockFile)
  }
  let isHeld = true
  return {
    release() {
      if (isHeld) database?.close()
      isHeld = false
    },
  }
}

/**
 * Creates a folder that only its owner can enter, and its parents. One that exists is left as it is. Throws
 * `DataFolderError`. Step by step, because node's own recursion never ends where the system answers a folder's
 * creation with "no such file", as under `/proc`.
 */
export function createPrivateFolder(folder: string): void {
  const whole = path.resolve(folder)
  const missing: string[] = []
  for (let at = whole; !fs.existsSync(at); at = path.dirname(at)) missing.unshift(at)
  try {
    for (const step of missing) makeFolder(step)
    if (!fs.statSync(whole).isDirectory()) throw folderError(whole, 'it is not a folder')
    fs.accessSync(whole, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK)
  } catch (error) {
    if (error instanceof DataFolderError) throw error
    const { name, failure } = diskFailureOfSystem(error as NodeJS.ErrnoException)
    throw folderError(whole, failure === undefined ? name : `${failure.reason}, ${name}`, failure?.next)
  }
}

function makeFolder(folder: string): void {
  try {
    fs.mkdirSync(folder, FOLDER_MODE)
  } catch (error) {
    // Another process was as quick.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

function folderError(folder: string, reason: string, next?: string): DataFolderError {
  const advice = next === undefined ? '' : ` ${next}.`
  return new DataFolderError(
    `FLOW_VAULT_DATA=${JSON.stringify(folder)} is not valid (${reason}). Allowed: a folder that this user may read and write, or may create.${advice}`,
  )
}

/**
 * Replaces a file as a whole: after a crash at any point it holds the old text or the new one, on the disk.
 * `mode` is set exactly, whatever the umask. Blocks for two fsyncs, so it is for start-up and commands. Throws
 * `StoreUnavailableError`, naming the file, when the disk does not take it.
 */
export function writeFileAtomically(file: string, text: string, mode: number): void {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`
  try {
    const descriptor = fs.openSync(temporary, 'wx', mode)
    try {
      fs.fchmodSync(descriptor, mode)
      fs.writeFileSync(descriptor, text)
      fs.fsyncSync(descriptor)
    } finally {
      fs.closeSync(descriptor)
    }
    fs.renameSync(temporary, file)
    syncFolder(path.dirname(file))
  } catch (error) {
    removeIfPossible(temporary)
    throw fileErrorFrom(error, file)
  }
}

/**
 * A failure of the file system as `StoreUnavailableError` that names the file it failed on, or `otherwise`, because
 * one that writes through a descriptor knows no path; anything else as it is.
 */
export function fileFailure(error: unknown, otherwise: string): unknown {
  const { path: file } = (error ?? {}) as { path?: unknown }
  return fileErrorFrom(error, typeof file === 'string' ? file : otherwise)
}

/** A folder that became read-only keeps the file, and its being there is not what went wrong. */
function removeIfPossible(file: string): void {
  try {
    fs.rmSync(file, { force: true })
  } catch {
    // The next start removes drafts, and writes its own number over another's.
  }
}

/** Makes the names in a folder durable: a rename is only once the folder is. Windows cannot open one, and does not need it. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const descriptor = fs.openSync(folder, 'r')
  try {
    fs.fsyncSync(descriptor)
  } finally {
    fs.closeSync(descriptor)
  }
}

/** The text of a file, or undefined when there is no such file. Any other failure to read it is thrown. */
export function readFileIfPresent(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * The text of a file as the JSON it is. Throws `DamagedFileError` with `advice`; a parser's own message would quote
 * the text, which may hold a key.
 */
export function parseJsonFile<Content>(file: string, text: string, advice: string): Content {
  try {
    return JSON.parse(text) as Content
  } catch {
    throw new DamagedFileError(`${file} is damaged: it is not JSON. ${advice}`)
  }
}

/** The pid is for the message only: the holder writes it just after it took the lock, so it may not be there yet. */
function readHolder(holderFile: string): string {
  const pid = readFileIfPresent(holderFile)?.trim()
  return pid ? `process ${pid}` : 'another process'
}
