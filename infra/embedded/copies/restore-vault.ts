import fs from 'node:fs'
import path from 'node:path'
import { SqliteItemStore } from '../../../shared/adapters/sqlite/sqlite-item-store.ts'
import { SystemClock } from '../../../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../../../shared/adapters/system/system-random.ts'
import { SecretText } from '../../../shared/domain/secret-text.ts'
import { KEY_CHECK_KEY } from '../../../shared/domain/store-keys.ts'
import { StoreUnavailableError } from '../../../shared/ports/item-store.ts'
import { liftRestored, markRestored } from '../../../shared/use-cases/grants/restored-mark.ts'
import { calledAs, usageOf } from '../commands/called-as.ts'
import {
  dataFolderOf,
  parseCommand,
  RefusedError,
  requireVault,
  UnfinishedError,
} from '../commands/command.ts'
import { readPassphrase } from '../commands/passphrase.ts'
import { fileFailure, syncFolder } from '../data-folder.ts'
import { createStaging } from '../leftovers.ts'
import { DATABASE_FILE, openStores } from '../open-stores.ts'
import type { CopySurroundings } from './back-up.ts'
import { unpackVault } from './backup-archive.ts'
import { lockOf, type OpenedBy, openStream, SealedStreamError } from './sealed-stream.ts'

const USES = [
  ['FILE', 'the vault in FILE into an empty or new data folder'],
  ['FILE --source-is-gone', 'the same, where the vault that it is a copy of runs no more'],
  ['--source-is-gone', 'says so later, of the vault in the data folder, with the server running or not'],
] as const
const USAGE = `${usageOf('restore', USES)}
Until that is said, refresh tokens that may change with each use are not sent: the original would lose its grants.
Options: --data FOLDER (FLOW_VAULT_DATA, or .flow-vault); --identity FILE with the key of a backup that was made for
keys. A passphrase is asked for, or read from FLOW_VAULT_BACKUP_PASSPHRASE.`

const OPTIONS = {
  data: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  identity: { type: 'string', short: 'i' },
  'source-is-gone': { type: 'boolean' },
} as const

/**
 * A vault out of its backup, into a data folder that is new or empty; answers what was restored. Everything is
 * checked beside the folder first: it appears there whole or not at all. `onStaging` gets what removes the folder
 * beside it, which holds the keys in clear. Throws `RefusedError`, and `MovedVaultError` for a vault that was moved,
 * which no copy changes.
 */
export async function restoreVault(
  args: string[],
  around: CopySurroundings & { onStaging?(remove: () => void): void },
): Promise<string> {
  const { values, positionals } = parseCommand({ args, allowPositionals: true, options: OPTIONS }, USAGE)
  if (values.help === true) return `${USAGE}\n`
  const isSourceGone = values['source-is-gone'] === true
  const folder = dataFolderOf(values.data, around.env)
  if (positionals.length === 0 && isSourceGone) return liftMark(folder)
  if (positionals.length !== 1) throw new RefusedError(`Name one file to restore from.\n\n${USAGE}`)
  const source = path.resolve(positionals[0]!)
  if (!fs.statSync(source, { throwIfNoEntry: false })?.isFile())
    throw new RefusedError(`There is no file ${source}.`)
  refuseFull(folder)
  try {
    const openedBy = await findKey(source, values.identity, around)
    const names = await placeVault(source, openedBy, { folder, isSourceGone }, around)
    return `Restored ${names.length} files into ${folder}. Start the vault there with: ${calledAs('start', { folder })}\n${isSourceGone ? '' : heldBack(folder)}`
  } catch (error) {
    if (error instanceof SealedStreamError) throw new RefusedError(`${error.message} Nothing was restored.`)
    if (error instanceof StoreUnavailableError)
      throw new RefusedError(
        `The database in the backup does not open: ${error.message}. Nothing was restored.`,
      )
    throw error
  }
}

function heldBack(folder: string): string {
  return `Refresh tokens that may change with each use are not sent from there while the original may run.
Where it is gone: ${calledAs('restore', { words: '--source-is-gone', folder })}
`
}

/** Says of a vault that was restored before that its original is gone. */
async function liftMark(folder: string): Promise<string> {
  requireVault(folder)
  const stores = await openStores(folder, { random: new SystemRandom() })
  try {
    return (await liftRestored(stores))
      ? `The vault in ${folder} renews every grant from now on; a running server within ten seconds.\n`
      : `The vault in ${folder} carries no mark of a restored one: it renews every grant.\n`
  } finally {
    await stores.items.close()
  }
}

/** The file itself says what opens it, so nobody is asked for a passphrase that it does not have. */
async function findKey(
  source: string,
  identity: string | undefined,
  around: CopySurroundings,
): Promise<OpenedBy> {
  if ((await lockOf(source)) === 'passphrase')
    return { passphrase: await readPassphrase({ ...around, isNew: false }) }
  if (identity === undefined)
    throw new RefusedError(
      'The backup was made for a key: name the file of that key with --identity. Nothing was restored.',
    )
  if (!fs.existsSync(identity)) throw new RefusedError(`There is no file ${identity}. Nothing was restored.`)
  const lines = fs.readFileSync(identity, 'utf8').split('\n')
  const keys = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'))
  return { identities: keys.map((key) => new SecretText(key)) }
}

async function placeVault(
  source: string,
  openedBy: OpenedBy,
  { folder, isSourceGone }: { folder: string; isSourceGone: boolean },
  { onStaging }: { onStaging?(remove: () => void): void },
): Promise<string[]> {
  fs.mkdirSync(path.dirname(folder), { recursive: true })
  const staging = createStaging(folder)
  onStaging?.(() => staging.remove())
  try {
    const sealed = fs.createReadStream(source) as AsyncIterable<Buffer>
    const names = await unpackVault(openStream(sealed, openedBy), staging.path)
    await verify(staging.path, { isSourceGone })
    putInPlace(staging.path, folder)
    staging.unmark(folder)
    return names
  } catch (error) {
    const told = fileFailure(error, folder)
    if (told === error || !(told instanceof StoreUnavailableError)) throw error
    throw new UnfinishedError(`${told.message} Nothing was restored.`)
  } finally {
    staging.remove()
  }
}

/** A running server's folder is never empty: its lock is in it. */
function refuseFull(folder: string): void {
  const stats = fs.statSync(folder, { throwIfNoEntry: false })
  if (stats === undefined || (stats.isDirectory() && fs.readdirSync(folder).length === 0)) return
  throw new RefusedError(
    `${folder} is not empty and is left as it is. Stop the server there and move the folder away, or name another one with --data.`,
  )
}

/** The database is sound, the keys beside it open it, and it says whether its original may still run. */
async function verify(staging: string, { isSourceGone }: { isSourceGone: boolean }): Promise<void> {
  const items = SqliteItemStore.open({ path: path.join(staging, DATABASE_FILE) })
  try {
    const faults = await items.checkIntegrity()
    if (faults.length > 0)
      throw new RefusedError(`The database in the backup is damaged: ${faults[0]}. Nothing was restored.`)
    // Without its key check any key file would seem to fit.
    if ((await items.get(KEY_CHECK_KEY)) === undefined)
      throw new RefusedError('The database in the backup has no key check. Nothing was restored.')
  } finally {
    await items.close()
  }
  const stores = await openStores(staging, { random: new SystemRandom() })
  try {
    if (isSourceGone) await liftRestored(stores)
    else await markRestored(stores, new SystemClock().nowMs())
  } finally {
    await stores.items.close()
  }
}

/** One rename: it fails when something has come into the folder meanwhile. */
function putInPlace(staging: string, folder: string): void {
  try {
    // Not every system renames over an empty folder; where none is there is nothing to remove.
    if (fs.existsSync(folder)) fs.rmdirSync(folder)
    fs.renameSync(staging, folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOTEMPTY' || code === 'EEXIST') refuseFull(folder)
    throw error
  }
  syncFolder(path.dirname(folder))
}
