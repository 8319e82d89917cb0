import fs from 'node:fs'
import path from 'node:path'
import { lockKeys } from './commands/command.ts'
import { LockedError, tryFileLock } from './data-folder.ts'
import { KEY_FILE } from './open-stores.ts'

/*
 * What a process that was killed has left. It is private (files 0600, folders 0700), and is not to stay all the same:
 * some of it holds keys.
 */

/** What the name of a copy of the database begins with, of which a backup is made. */
export const SNAPSHOT_PREFIX = 'backup-snapshot-'
/** Between the data folder's name and what `mkdtemp` adds. */
const STAGING_INFIX = '.restore-'
/** Marks a folder as one that a restore fills, and is locked as long as that runs. */
const STAGING_MARK = 'restore.lock'
/** Drafts of the key file: of a rotation, and of a first start. */
const KEY_DRAFT = new RegExp(`^${KEY_FILE.replaceAll('.', '\\.')}(\\.[0-9a-f]+)?\\.new$`)
/** Drafts of what only the server replaces; the file of the clients is another process's to replace as well. */
const DRAFT = /^(?!clients\.json).*\.[0-9a-f]{12}\.tmp$/

/** A folder beside the data folder in which a restore puts the vault together. */
export interface Staging {
  readonly path: string
  /** Takes the mark off, once the folder has become the data folder `placed`. */
  unmark(placed: string): void
  /** Removes it with all that is in it. */
  remove(): void
}

/** Makes one (mode 0700), and removes those of restores into the same folder that were killed. */
export function createStaging(folder: string): Staging {
  removeAbandonedStagings(folder)
  const staging = fs.mkdtempSync(`${folder}${STAGING_INFIX}`)
  const lock = tryFileLock(path.join(staging, STAGING_MARK), 0)
  return {
    path: staging,
    unmark(placed) {
      lock?.release()
      removeMark(placed)
    },
    remove() {
      fs.rmSync(staging, { recursive: true, force: true })
      lock?.release()
    },
  }
}

/** Removes all that killed processes have left in the data folder and beside it; for who holds the folder's lock. */
export function removeLeftovers(folder: string): void {
  removeAbandonedStagings(folder)
  // A restore may have been killed as the last thing it did.
  removeMark(folder)
  for (const within of [folder, path.join(folder, 'tls')]) removeFiles(within, (name) => DRAFT.test(name))
  if (!namesIn(folder).some(isOfKeys)) return
  try {
    const lock = lockKeys(folder)
    removeKeyLeftovers(folder)
    lock.release()
  } catch (error) {
    // A backup or a rotation is at them at this moment.
    if (!(error instanceof LockedError)) throw error
  }
}

/** Removes snapshots and drafts of the key file; for who holds the lock of the keys. */
export function removeKeyLeftovers(folder: string): void {
  removeFiles(folder, isOfKeys)
}

function isOfKeys(name: string): boolean {
  return name.startsWith(SNAPSHOT_PREFIX) || KEY_DRAFT.test(name)
}

/** With the journal of its lock, which SQLite looks for where the folder was before it was given its name. */
function removeMark(folder: string): void {
  removeFiles(folder, (name) => name === STAGING_MARK || name === `${STAGING_MARK}-journal`)
}

/** Only folders with the mark: another one of such a name is a person's. */
function removeAbandonedStagings(folder: string): void {
  const prefix = `${path.basename(folder)}${STAGING_INFIX}`
  for (const name of namesIn(path.dirname(folder)).filter((one) => one.startsWith(prefix))) {
    const staging = path.join(path.dirname(folder), name)
    const mark = path.join(staging, STAGING_MARK)
    if (!fs.existsSync(mark)) continue
    const lock = tryFileLock(mark, 0)
    if (lock === undefined) continue
    fs.rmSync(staging, { recursive: true, force: true })
    lock.release()
  }
}

function removeFiles(folder: string, isLeft: (name: string) => boolean): void {
  for (const name of namesIn(folder).filter(isLeft)) fs.rmSync(path.join(folder, name), { force: true })
}

function namesIn(folder: string): string[] {
  return fs.existsSync(folder) ? fs.readdirSync(folder) : []
}
