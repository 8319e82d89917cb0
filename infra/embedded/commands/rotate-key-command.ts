import path from 'node:path'
import { addKey, dropKey, openKeyFile } from '../../../shared/adapters/sealed/key-file.ts'
import type { KeyFile } from '../../../shared/adapters/sealed/key-file-format.ts'
import { LocalKeyWrapper } from '../../../shared/adapters/sealed/local-key-wrapper.ts'
import { countForeignWraps, rewrapPage } from '../../../shared/adapters/sealed/rewrap.ts'
import { SystemClock } from '../../../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../../../shared/adapters/system/system-random.ts'
import type { ItemStore } from '../../../shared/ports/item-store.ts'
import { acquireDataFolderLock, LockedError } from '../data-folder.ts'
import { removeKeyLeftovers } from '../leftovers.ts'
import { KEY_FILE, openStores } from '../open-stores.ts'
import { calledAs, usageOf } from './called-as.ts'
import { dataFolderOf, lockKeys, parseCommand, requireVault, runCommand, UnfinishedError } from './command.ts'

/*
 * `npm run -s rotate-key`: gives the vault a new wrapping key, with the server running or not. Only data keys are
 * wrapped anew; no secret is opened. Killed at any point, it goes on where it was when it is run again.
 */

const USAGE = `${usageOf('rotate-key', [['', 'a new key, everything re-wrapped by it, the old key forgotten']])}
Options: --data FOLDER (FLOW_VAULT_DATA, or .flow-vault). Run it again after an interruption: it goes on.
Back up the vault afterwards (${calledAs('backup', { words: 'FILE' })}): an older backup holds the older key.`

const PAGE_ITEMS = 500
/**
 * A running server may hold a data key that it wrapped just before the new key came, and store it when a busy
 * database lets it, 5 s later at most; only what is looked at after that is the last word.
 */
const SETTLE_MS = 15_000
/** Each pass takes what changed during the one before; what changes faster than this is not a rotation's to chase. */
const MAX_PASSES = 20

await runCommand(() => rotate(process.argv.slice(2), process.env), 'rotate-key')

async function rotate(args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  const options = { data: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const
  const { data, help } = parseCommand({ args, options }, USAGE).values
  if (help === true) return `${USAGE}\n`
  const folder = dataFolderOf(data, env)
  requireVault(folder)
  const lock = lockKeys(folder)
  const server = holdAgainstServer(folder)
  try {
    return await rotateLocked(folder, { isServing: server === undefined })
  } finally {
    server?.release()
    lock.release()
  }
}

/** The folder's lock when no server runs, so that none starts half-way; undefined when one does. */
function holdAgainstServer(folder: string): { release(): void } | undefined {
  try {
    return acquireDataFolderLock(folder)
  } catch (error) {
    if (error instanceof LockedError) return undefined
    throw error
  }
}

async function rotateLocked(folder: string, { isServing }: { isServing: boolean }): Promise<string> {
  const keyPath = path.join(folder, KEY_FILE)
  // What is there now was left by a rotation that was killed: this one holds the lock.
  removeKeyLeftovers(folder)
  const random = new SystemRandom()
  // Proves that key file and database fit before either is touched.
  const { items } = await openStores(folder, { random })
  try {
    const before = await openKeyFile(keyPath)
    const file = before.keys.size > 1 ? before : await addKey(keyPath, random)
    const old = [...file.keys.keys()].filter((keyId) => keyId !== file.active)
    say(
      file === before
        ? `going on with an interrupted rotation to the key ${file.active}`
        : `added the key ${file.active}`,
    )
    const keys = await LocalKeyWrapper.open(keyPath, random)
    await rewrapAll({ items, keys }, file)
    if (isServing) {
      say(`a server is running: waiting ${SETTLE_MS / 1000} s for what it had begun`)
      await new SystemClock().sleep(SETTLE_MS)
    }
    await rewrapAll({ items, keys }, file)
    for (const keyId of old) await dropKey(keyPath, keyId)
    return `The vault is under the key ${file.active}; ${old.join(', ')} opens nothing any more and is forgotten.\n`
  } finally {
    await items.close()
  }
}

/** Passes until one finds nothing to do. Throws `UnfinishedError` when something does not open: its key stays. */
async function rewrapAll(ports: { items: ItemStore; keys: LocalKeyWrapper }, file: KeyFile): Promise<void> {
  for (let pass = 1; pass <= MAX_PASSES; pass++) {
    let left = await countLeft(ports.items, file.active)
    if (left === 0) return
    say(`${left} to re-wrap`)
    let nextToken: string | undefined
    do {
      const page = await rewrapPage({ limit: PAGE_ITEMS, ...(nextToken && { nextToken }) }, ports)
      if (page.failed.length > 0)
        throw damaged(page.failed.map(({ partition, sort }) => `${partition} ${sort}`))
      left -= page.rewrapped
      if (page.rewrapped > 0) say(`${Math.max(0, left)} left`)
      nextToken = page.nextToken
    } while (nextToken !== undefined)
  }
  throw new UnfinishedError(
    'The vault changes faster than it can be re-wrapped; both keys stay. Run it again.',
  )
}

async function countLeft(items: ItemStore, activeKeyId: string): Promise<number> {
  let left = 0
  let nextToken: string | undefined
  do {
    const page = await countForeignWraps(
      { limit: PAGE_ITEMS, ...(nextToken && { nextToken }) },
      items,
      activeKeyId,
    )
    left += page.count
    nextToken = page.nextToken
  } while (nextToken !== undefined)
  return left
}

function damaged(places: readonly string[]): UnfinishedError {
  return new UnfinishedError(
    `These do not open, so every key stays in the key file; restore them from a backup or delete their connections:\n${places.join('\n')}`,
  )
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}
