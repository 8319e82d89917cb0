import fs from 'node:fs'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { SystemRandom } from '../../../shared/adapters/system/system-random.ts'
import { usageOf } from '../commands/called-as.ts'
import { dataFolderOf, lockKeys, parseCommand, RefusedError, requireVault } from '../commands/command.ts'
import { readPassphrase, type Terminal } from '../commands/passphrase.ts'
import { fileFailure, syncFolder } from '../data-folder.ts'
import { removeKeyLeftovers, SNAPSHOT_PREFIX } from '../leftovers.ts'
import { openStores } from '../open-stores.ts'
import { packVault } from './backup-archive.ts'
import { requireRecipient, type SealedFor, SealedStreamError, sealStream } from './sealed-stream.ts'

const USES = [['FILE', 'database, keys, clients, issuer key and certificates into a new FILE']] as const
const USAGE = `${usageOf('backup', USES)}
Options: --data FOLDER (FLOW_VAULT_DATA, or .flow-vault); --recipient age1… for the holder of that key, any number
of them; without one the passphrase is asked for, or read from FLOW_VAULT_BACKUP_PASSPHRASE. The file is one of
age-encryption.org/v1 with a tar archive in it.`

const OPTIONS = {
  data: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  recipient: { type: 'string', multiple: true, short: 'r' },
} as const
const PRIVATE_FILE_MODE = 0o600
const NAME_BYTES = 6
const DRAFT_SUFFIX = /^\.[0-9a-f]{12}\.tmp$/

/** What a command about copies has of its surroundings; `workFactor` makes a cheaper passphrase key, for tests. */
export interface CopySurroundings {
  readonly env: NodeJS.ProcessEnv
  readonly terminal: Terminal
  say(text: string): void
  readonly workFactor?: number
}

/**
 * The whole vault in one encrypted file, taken while the server runs or does not; answers what was written. Throws
 * `RefusedError` before anything is written, and what `openStores` throws.
 */
export async function backUp(args: string[], around: CopySurroundings): Promise<string> {
  const { values, positionals } = parseCommand({ args, allowPositionals: true, options: OPTIONS }, USAGE)
  if (values.help === true) return `${USAGE}\n`
  if (positionals.length !== 1) throw new RefusedError(`Name one file to write.\n\n${USAGE}`)
  const target = path.resolve(positionals[0]!)
  const folder = dataFolderOf(values.data, around.env)
  requireVault(folder)
  refuseExisting(target)
  const recipients = recipientsOf(values.recipient)
  const sealedFor: SealedFor =
    recipients.length > 0
      ? { recipients }
      : {
          passphrase: await readPassphrase({ ...around, isNew: true }),
          ...(around.workFactor !== undefined && { workFactor: around.workFactor }),
        }
  const lock = lockKeys(folder)
  try {
    const bytes = await writeBackup(folder, target, sealedFor)
    const opens = recipients.length > 0 ? 'the keys of its recipients' : 'its passphrase alone'
    return `Wrote ${target} (${bytes} bytes). It opens with ${opens}: keep the two apart.\n`
  } finally {
    lock.release()
  }
}

function recipientsOf(given: string[] = []): string[] {
  try {
    given.forEach(requireRecipient)
    return given
  } catch (error) {
    if (error instanceof SealedStreamError) throw new RefusedError(`${error.message} Nothing was written.`)
    throw error
  }
}

/** Snapshots into the data folder, where space for a database is; the file takes its name when it is whole. */
async function writeBackup(folder: string, target: string, sealedFor: SealedFor): Promise<number> {
  const random = new SystemRandom()
  // What is there now was left by a backup that was killed: this one holds the lock.
  removeKeyLeftovers(folder)
  removeDrafts(target)
  const name = Buffer.from(random.bytes(NAME_BYTES)).toString('hex')
  const snapshot = path.join(folder, `${SNAPSHOT_PREFIX}${name}`)
  const draft = `${target}.${name}.tmp`
  try {
    // Proves as well that the keys fit: a backup that nobody can open would be found out too late.
    const { items } = await openStores(folder, { random })
    try {
      await items.backupTo(snapshot)
    } finally {
      await items.close()
    }
    const file = fs.createWriteStream(draft, { flags: 'wx', mode: PRIVATE_FILE_MODE, flush: true })
    await pipeline(sealStream(packVault(folder, snapshot), sealedFor), file)
    linkNew(draft, target)
    return file.bytesWritten
  } catch (error) {
    throw fileFailure(error, target)
  } finally {
    fs.rmSync(draft, { force: true })
    removeKeyLeftovers(folder)
  }
}

/** A link, unlike a rename, fails when the name was taken meanwhile. */
function linkNew(draft: string, target: string): void {
  try {
    fs.linkSync(draft, target)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    refuseExisting(target)
  }
  syncFolder(path.dirname(target))
}

function refuseExisting(target: string): void {
  if (fs.lstatSync(target, { throwIfNoEntry: false }) !== undefined)
    throw new RefusedError(`${target} is there already and is left as it is. Name another file.`)
  if (!fs.existsSync(path.dirname(target)))
    throw new RefusedError(`There is no folder ${path.dirname(target)} to write into.`)
}

/** What a killed backup into the same file has left of it, sealed like the whole. */
function removeDrafts(target: string): void {
  const folder = path.dirname(target)
  const base = path.basename(target)
  const drafts = fs
    .readdirSync(folder)
    .filter((name) => name.startsWith(base) && DRAFT_SUFFIX.test(name.slice(base.length)))
  for (const name of drafts) fs.rmSync(path.join(folder, name), { force: true })
}
