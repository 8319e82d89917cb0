import { existsSync } from 'node:fs'
import path from 'node:path'
import { openKeyFile } from '../../../shared/adapters/sealed/key-file.ts'
import { pagesLost } from '../../../shared/adapters/sqlite/cut-log.ts'
import {
  type DatabaseMark,
  type DatabaseStanding,
  findFault,
  logOf,
  readDatabaseMark,
} from '../../../shared/adapters/sqlite/database-mark.ts'
import { KeyUnavailableError } from '../../../shared/ports/key-wrapper.ts'
import { DamagedFileError } from '../data-folder.ts'

/*
 * Whether the data folder is one whole vault. Key file and database carry a mark of each other, and the database the
 * names of what else there is, so that a vault of which a part is missing, older or another's is told from a first
 * start, and is left as it is.
 */

/** The keys that open everything, beside the database in the data folder; a backup needs both. */
export const KEY_FILE = 'vault-key.json'
/** Rows and sealed secrets. */
export const DATABASE_FILE = 'vault.db'

/** What the vault consists of besides these two, and what it costs to have it made anew. */
export const OTHER_PARTS: Readonly<Record<string, string>> = {
  'clients.json': 'every client but the first has to be added again',
  'issuer-key.json': 'every token in use ends',
  'ca.pem': 'every client has to trust the new authority',
}

/** The losses that a person may accept by name in FLOW_VAULT_ACCEPT_LOSS. */
export const ACCEPTABLE_LOSSES: readonly string[] = [
  DATABASE_FILE,
  logOf(DATABASE_FILE),
  ...Object.keys(OTHER_PARTS),
]

/** Files that a vault only has once its key file and its database have been made. */
const LATER_FILES = ['issuer-key.json', 'dev.json']

/** What is in a data folder, as far as it tells whether all of it is there. */
export interface FolderStanding {
  readonly key: { readonly vault: string; readonly opened: number } | undefined
  readonly database: DatabaseStanding
  readonly hasLog: boolean
  /** The names of the other files that are there. */
  readonly others: readonly string[]
}

/** Looks without changing anything. Throws `KeyUnavailableError` and what `readDatabaseMark` throws. */
export async function inspectFolder(folder: string): Promise<FolderStanding> {
  const has = (name: string): boolean => existsSync(path.join(folder, name))
  return {
    key: has(KEY_FILE) ? await openKeyFile(path.join(folder, KEY_FILE)) : undefined,
    database: readDatabaseMark(path.join(folder, DATABASE_FILE)),
    hasLog: has(logOf(DATABASE_FILE)),
    others: [...Object.keys(OTHER_PARTS), ...LATER_FILES].filter(has),
  }
}

/** A folder that was found to be whole, with what its database knows; nothing of it before there is one. */
export interface WholeFolder {
  readonly mark: DatabaseMark | undefined
  /** What the newest state of it may be: elsewhere, or lost, as a person has accepted. */
  readonly isOlder: boolean
}

/**
 * Throws `DamagedFileError`, or `KeyUnavailableError` for the key file, unless the folder is a whole vault, an empty
 * one, or a first start that was broken off. Answers what the database knows of its vault.
 */
export async function requireWhole(folder: string, accepted: readonly string[] = []): Promise<WholeFolder> {
  // Before the database is opened: SQLite makes the index of the log anew, as if what is there were all.
  const lost = pagesLost(path.join(folder, DATABASE_FILE))
  if (lost > 0 && !accepted.includes(logOf(DATABASE_FILE))) throw cutLog(folder, lost)
  const standing = await inspectFolder(folder)
  const missing = whatIsMissing(standing, accepted)
  if (missing?.part === KEY_FILE) throw new KeyUnavailableError(missing.words(path.join(folder, KEY_FILE)))
  if (missing !== undefined) {
    throw new DamagedFileError(
      `The data folder ${folder} is not a whole vault: ${missing.words(path.join(folder, missing.part))} Nothing was changed.`,
    )
  }
  const mark = typeof standing.database === 'string' ? undefined : standing.database
  return { mark, isOlder: mark !== undefined && (lost > 0 || isCopy(mark, standing)) }
}

function cutLog(folder: string, lost: number): DamagedFileError {
  const log = logOf(path.join(folder, DATABASE_FILE))
  const last = lost === 1 ? 'last page' : `last ${lost} pages`
  const are = lost === 1 ? 'is' : 'are'
  return new DamagedFileError(
    `${log} was cut short or damaged, which no crash does: the ${last} of what was written and answered ${are} not in it, as its index ${DATABASE_FILE}-shm tells. Put the log back. ${accepting(logOf(DATABASE_FILE))} Nothing was changed.`,
  )
}

/** Whether a newer state of it is elsewhere or lost: its tokens may have been replaced there. */
function isCopy(mark: DatabaseMark, { key, hasLog }: FolderStanding): boolean {
  return mark.opened < (key?.opened ?? 0) || (mark.isInUse && !hasLog)
}

/** Throws `DamagedFileError` when a log is there that does not fit its database; reads both to their ends. */
export function requireFittingLog(folder: string, mark: DatabaseMark | undefined): void {
  const database = path.join(folder, DATABASE_FILE)
  if (mark?.isInUse !== true || !existsSync(logOf(database))) return
  const fault = findFault(database)
  if (fault === undefined) return
  throw new DamagedFileError(
    `${database} and ${logOf(database)} do not fit together, or are damaged (${fault}). Put both back as they were at one moment, or restore a backup into another folder. Nothing was changed.`,
  )
}

interface MissingPart {
  readonly part: string
  words(file: string): string
}

/** The first part that is not as it should be, with the sentence for it; undefined when the vault is whole. */
export function whatIsMissing(
  { key, database, hasLog, others }: FolderStanding,
  accepted: readonly string[],
): MissingPart | undefined {
  if (key === undefined) return missingKey({ database, hasLog, others })
  const isMade = key.opened > 0
  if (database === 'absent' && (isMade || hasLog)) {
    return part(
      DATABASE_FILE,
      (file) => `${file} is missing, and its key file and what is left of it are there. ${PUT_BACK}`,
    )
  }
  if (database === 'absent') return undefined
  if (database === 'empty' || database === 'unmarked') {
    return isMade
      ? part(DATABASE_FILE, (file) => `${file} is empty, and its key file says that it was not. ${PUT_BACK}`)
      : undefined
  }
  if (database.vault !== key.vault) {
    return part(
      DATABASE_FILE,
      (file) =>
        `${file} and ${KEY_FILE} belong to two different vaults. Put the one that belongs to the other in its place.`,
    )
  }
  if (database.opened < key.opened && !accepted.includes(DATABASE_FILE)) {
    return part(
      DATABASE_FILE,
      (file) =>
        `${file} is older than its key file: what was written since is not in it. Put the newest one back, with its log. ${accepting(DATABASE_FILE)}`,
    )
  }
  if (database.isInUse && !hasLog && !accepted.includes(logOf(DATABASE_FILE))) {
    return part(
      logOf(DATABASE_FILE),
      (file) =>
        `${file} is missing. The server was not stopped when this copy was made, or was killed, so the newest writes are in that file alone. Put it back. ${accepting(logOf(DATABASE_FILE))}`,
    )
  }
  const lost = database.parts.find((name) => !others.includes(name) && !accepted.includes(name))
  if (lost === undefined) return undefined
  return part(
    lost,
    (file) => `${file} is missing. Put it back from your copy. ${accepting(lost, OTHER_PARTS[lost])}`,
  )
}

const PUT_BACK = `Put ${DATABASE_FILE} and, where there is one, ${logOf(DATABASE_FILE)} back, or restore a backup into another folder. To begin with an empty vault, name a new folder in FLOW_VAULT_DATA.`

function missingKey({ database, hasLog, others }: Omit<FolderStanding, 'key'>): MissingPart | undefined {
  const left = [
    ...(database === 'absent' ? [] : [`the database ${DATABASE_FILE}`]),
    ...(hasLog ? [`the log ${logOf(DATABASE_FILE)}`] : []),
    ...LATER_FILES.filter((name) => others.includes(name)),
  ]
  if (left.length === 0) return undefined
  return part(
    KEY_FILE,
    (file) =>
      `the key file ${file} is missing, and ${left[0]} is of no use without it. Put the key file back from your copy.`,
  )
}

function accepting(name: string, cost?: string): string {
  return `If it is lost for good, start once with FLOW_VAULT_ACCEPT_LOSS=${name}${cost === undefined ? '' : `: ${cost}`}.`
}

function part(name: string, words: (file: string) => string): MissingPart {
  return { part: name, words }
}
