import fs from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { KEY_CHECK_KEY } from '../../../shared/adapters/sealed/key-check.ts'
import { SqliteItemStore } from '../../../shared/adapters/sqlite/sqlite-item-store.ts'
import { SystemRandom } from '../../../shared/adapters/system/system-random.ts'
import { StoreUnavailableError } from '../../../shared/ports/item-store.ts'
import { unpackVault } from '../copies/backup-archive.ts'
import { openStream, SealedStreamError } from '../copies/sealed-stream.ts'
import { syncFolder } from '../data-folder.ts'
import { createStaging } from '../leftovers.ts'
import { DATABASE_FILE, openStores } from '../open-stores.ts'
import { dataFolderOf, RefusedError, runCommand } from './command.ts'
import { readPassphrase } from './passphrase.ts'

/*
 * `npm run -s restore -- FILE`: a vault out of its backup, into a data folder that is new or empty. Everything is
 * checked beside the folder first; it appears there whole or not at all.
 */

const USAGE = `Usage:
  npm run -s restore -- FILE       the vault in FILE into an empty or new data folder
Options: --data FOLDER (FLOW_VAULT_DATA, or .flow-vault). The passphrase is asked for, or read from
FLOW_VAULT_BACKUP_PASSPHRASE.`

const EXIT_INTERRUPTED = 1

await runCommand(() => restore(process.argv.slice(2), process.env))

async function restore(args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { values, positionals } = parse(args)
  if (values.help === true) return `${USAGE}\n`
  if (positionals.length !== 1) throw new RefusedError(`Name one file to restore from.\n\n${USAGE}`)
  const source = path.resolve(positionals[0]!)
  if (!fs.existsSync(source)) throw new RefusedError(`There is no ${source}.`)
  const folder = dataFolderOf(values.data, env)
  refuseFull(folder)
  const say = (text: string) => void process.stderr.write(text)
  const passphrase = await readPassphrase({ env, terminal: process.stdin, say, isNew: false })
  fs.mkdirSync(path.dirname(folder), { recursive: true })
  const staging = createStaging(folder)
  // It holds the keys in clear, so it goes as well when a person loses patience.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      staging.remove()
      process.exit(EXIT_INTERRUPTED)
    })
  }
  try {
    const sealed = fs.createReadStream(source) as AsyncIterable<Buffer>
    const names = await unpackVault(openStream(sealed, passphrase), staging.path)
    await verify(staging.path)
    putInPlace(staging.path, folder)
    staging.unmark(folder)
    return `Restored ${names.length} files into ${folder}. Start the vault there with npm start.\n`
  } catch (error) {
    if (error instanceof SealedStreamError) throw new RefusedError(`${error.message} Nothing was restored.`)
    if (error instanceof StoreUnavailableError)
      throw new RefusedError(
        `The database in the backup does not open: ${error.message}. Nothing was restored.`,
      )
    throw error
  } finally {
    staging.remove()
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: { data: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    })
  } catch (error) {
    throw new RefusedError(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`)
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

/** The database is sound, and the keys beside it open it. */
async function verify(staging: string): Promise<void> {
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
  await stores.items.close()
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
